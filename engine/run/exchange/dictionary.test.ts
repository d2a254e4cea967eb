import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { Pool } from '../../data/pool.ts'
import type { AnySchema } from '../../data/schema.ts'
import { RowStore } from '../heads/row-store.ts'
import { Arena } from './arena.ts'
import type { ArenaBlock, BlockHandle } from './block.ts'
import { hashPartition, keyHasher } from './hash.ts'
import { batchesOf, plans, printed, schemas } from './random-batches.ts'
import { partitionOf } from './reader.ts'
import { Scratch } from './scratch.ts'
import { SpillFile } from './spill-file.ts'
import { standalone } from './standalone.ts'
import { ExchangeWriter } from './writer.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-dictionary-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0

function written(s: AnySchema, batches: ReturnType<typeof batchesOf>, arena: Arena | null) {
  const hashed = hashPartition(keyHasher(s, [(s.list[0] as AnySchema['list'][number]).name]), 3)
  const writer = new ExchangeWriter({
    schema: s,
    partitions: 3,
    partitionOf: hashed,
    arena,
    overflow: new SpillFile(join(folder, `${files++}`)),
    blockBytes: 4096,
    dictionary: 0,
  })
  for (const batch of batches) writer.write(batch)
  return writer.finish().blocks
}

/** The bytes of each block as they stand where it can be read without dictionaries. */
const bytesOf = (blocks: BlockHandle[][], arena: Arena) =>
  blocks.map(handles =>
    handles.map(h =>
      Buffer.from(standalone(h as ArenaBlock, { arena, scratch: new Scratch() })).toString('hex'),
    ),
  )

const LIMITS = [
  { count: 20, entriesMax: 4096, bytesMax: 1 << 20 },
  // Refused in the middle of a batch; of no use at all; fewer than there are columns.
  { count: 20, entriesMax: 9, bytesMax: 1 << 20 },
  { count: 20, entriesMax: 4096, bytesMax: 0 },
  { count: 1, entriesMax: 4096, bytesMax: 1 << 20 },
]

test('rows cross as codes of a shared dictionary, and their blocks leave memory as if without', () => {
  let shared = 0
  fc.assert(
    fc.property(schemas, plans, fc.constantFrom(...LIMITS), (s, planned, limits) => {
      const plain = Arena.create(8 << 20)
      const without = written(s, batchesOf(s, planned), plain)
      const arena = Arena.create(8 << 20, limits)
      const blocks = written(s, batchesOf(s, planned), arena)
      const read = (handles: BlockHandle[], from: Arena) =>
        printed(partitionOf(handles, from, s).batches())
      assert.deepEqual(
        blocks.map(b => read(b, arena)),
        without.map(b => read(b, plain)),
      )
      assert.deepEqual(bytesOf(blocks, arena), bytesOf(without, plain))
      const raw = (h: BlockHandle) =>
        Buffer.from(plain.buffer, (h as ArenaBlock).offset, h.bytes).toString('hex')
      assert.deepEqual(
        bytesOf(without, plain),
        without.map(handles => handles.map(raw)),
      )
      for (const batch of partitionOf(blocks.flat(), arena, s).batches())
        shared += batch.columns.filter(c => c?.pool && c.pool.dictionary >= 0).length
      // Blocks that a reader passes on: the dictionary is known by its number.
      const again = written(s, [...partitionOf(blocks.flat(), arena, s).batches()], arena)
      assert.deepEqual(read(again.flat(), arena).sort(), read(blocks.flat(), arena).sort())
    }),
    { numRuns: 60 },
  )
  assert.ok(shared > 0)
})

const WORKER = `
import { workerData, parentPort } from 'node:worker_threads'
const { Arena } = await import(workerData.arena)
const { Pool } = await import(workerData.pool)
const dictionary = Arena.attach(workerData.buffer).dictionary(1)
const own = new Pool(true)
const codes = []
for (let i = 0; i < 3000; i++) {
  const value = Math.imul(i * workerData.step, 2654435761) >>> 20
  const code = own.internString('text ' + value)
  codes.push([value, dictionary.add(own, code)])
}
parentPort.postMessage(codes)
`

test('several threads add at once: a text has one code, a code one text', async () => {
  const arena = Arena.create(1 << 16, { count: 2, entriesMax: 1 << 13, bytesMax: 1 << 20 })
  const source = new URL(`data:text/javascript,${encodeURIComponent(WORKER)}`)
  const runs = [1, 3, 7].map(step => {
    const worker = new Worker(source, {
      workerData: {
        step,
        arena: new URL('./arena.ts', import.meta.url).href,
        pool: new URL('../../data/pool.ts', import.meta.url).href,
        buffer: arena.buffer,
      },
    })
    return new Promise<[number, number][]>((resolve, reject) =>
      worker.once('message', resolve).once('error', reject),
    )
  })
  const codes = (await Promise.all(runs)).flat()
  const pool = arena.pool(1)
  for (const [value, code] of codes) assert.equal(pool.string(code), `text ${value}`)
  assert.equal(pool.count, new Set(codes.map(([value]) => value)).size)
  assert.equal(arena.pool(0).count, 0)
})

test('a store keeps shared codes until other text comes, and its rows stay what they were', () => {
  fc.assert(
    fc.property(schemas, plans, plans, (s, some, others) => {
      const arena = Arena.create(8 << 20, LIMITS[0])
      const shared = [
        ...partitionOf(written(s, batchesOf(s, some), arena).flat(), arena, s).batches(),
      ]
      const local = batchesOf(s, others)
      const store = new RowStore(s, undefined, () => true)
      const intake = store.intake()
      const came = [...shared, ...local, ...shared]
      for (const batch of came) {
        intake.begin(batch)
        intake.appendAll(batch)
      }
      assert.deepEqual(printed([store.slice(0, store.rows)]), printed(came))
      store.compact()
      assert.deepEqual(printed([store.slice(0, store.rows)]), printed(came))
      store.clear()
      for (const batch of shared) {
        intake.begin(batch)
        intake.appendAll(batch)
      }
      assert.deepEqual(printed([store.slice(0, store.rows)]), printed(shared))
    }),
    { numRuns: 40 },
  )
})

test('a dictionary that threads share is not written to but by its owner', () => {
  const arena = Arena.create(1 << 16, { count: 1, entriesMax: 16, bytesMax: 1 << 20 })
  const pool = arena.pool(0)
  assert.throws(() => pool.internString('a'), /read-only/)
  assert.throws(() => pool.clear(), /read-only/)
  const own = new Pool(true)
  assert.equal(arena.dictionary(0)?.add(own, own.internString('a')), 0)
  assert.equal(arena.pool(0).string(0), 'a')
})
