/** A text chunk's bytes do not tell whether its batches had the threads' dictionary, others, or both in turns. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Column } from '../../../engine/data/column.ts'
import { Pool } from '../../../engine/data/pool.ts'
import { t } from '../../../engine/data/schema.ts'
import { TextChunk } from './text-chunk.ts'

/** A dictionary that threads share, with these entries. */
function sharedPool(texts: readonly string[]): Pool {
  const made = poolOf(texts)
  const pool = Pool.shared(0, made.bytes, made.offsets, made.hashes)
  pool.count = made.count
  pool.size = made.size
  return pool
}

function poolOf(texts: readonly string[]): Pool {
  const pool = new Pool(true)
  for (const text of texts) pool.internString(text)
  return pool
}

/** A pool, and the code that each of the texts has in it. */
interface Coded {
  readonly pool: Pool
  readonly codes: (text: number) => number
}

interface Shape {
  readonly name: string
  readonly texts: readonly string[]
  /** The text of a row. */
  readonly at: (row: number) => number
}

const names = (count: number, length = 0) =>
  Array.from({ length: count }, (_, i) => `${'x'.repeat(length)}${i}`)

const ROWS = 9000
const shapes: Shape[] = [
  { name: 'few texts', texts: names(40), at: row => (row * 7) % 40 },
  { name: 'a text a row', texts: names(ROWS), at: row => (row * 17) % ROWS },
  { name: 'runs of two', texts: names(ROWS), at: row => row >> 1 },
  { name: 'more text than a dictionary takes', texts: names(5000, 2000), at: row => row % 5000 },
]

const PAGE = 4000
const BATCHES = [1000, 1, 2999, 500, 4500]

/** The chunk of all rows, the b-th batch with the pool that `poolAt` answers. */
function chunkOf({ at }: Shape, poolAt: (batch: number) => Coded, selected: boolean) {
  const chunk = new TextChunk(t.utf8, PAGE)
  let row = 0
  BATCHES.forEach((rows, b) => {
    const { pool, codes } = poolAt(b)
    const values = Int32Array.from({ length: rows }, (_, i) => codes(at(row + i)))
    const column: Column = { kind: t.utf8, values, valid: null, pool }
    const selection = selected ? Int32Array.from({ length: rows }, (_, i) => i) : null
    chunk.append(column, selection, 0, rows)
    row += rows
  })
  const { pages, dictionary, statistics } = chunk.finish()
  return { data: Buffer.from(pages.data.view()), dictionary, statistics }
}

for (const shape of shapes) {
  const { name, texts } = shape
  const last = texts.length - 1
  // Codes of one count up, those of the other down.
  const own: Coded = { pool: poolOf(texts), codes: i => i }
  const shared: Coded = { pool: sharedPool(texts.toReversed()), codes: i => last - i }
  const expected = chunkOf(shape, () => own, false)
  const ways: Record<string, (batch: number) => Coded> = {
    'the shared dictionary': () => shared,
    'the shared one, then another': b => (b < 2 ? shared : own),
    'another one, then the shared one': b => (b < 2 ? own : shared),
    'both in turns': b => (b % 2 === 0 ? shared : own),
  }
  for (const [way, poolAt] of Object.entries(ways))
    for (const selected of [false, true])
      test(`${name}, ${way}${selected ? ', selected rows' : ''}: the same bytes`, () => {
        assert.deepEqual(chunkOf(shape, poolAt, selected), expected)
      })
}

test('a chunk begun anew forgets the shared dictionary', () => {
  const shape = shapes[0] as Shape
  const chunk = new TextChunk(t.utf8, PAGE)
  const write = (pool: Pool, code: number) => {
    const values = new Int32Array(10).fill(code)
    chunk.append({ kind: t.utf8, values, valid: null, pool }, null, 0, 10)
    const { dictionary, statistics } = chunk.finish()
    chunk.reset()
    return { dictionary, statistics }
  }
  const first = write(sharedPool(shape.texts), 3)
  assert.deepEqual(write(poolOf(shape.texts.slice(3)), 0), first)
  assert.deepEqual(write(sharedPool(shape.texts.slice(3)), 0), first)
})
