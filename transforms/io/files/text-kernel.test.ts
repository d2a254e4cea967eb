/** The text kernel against the decoder in JavaScript: the same texts and nulls, batch after batch. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { Pool } from '../../../engine/data/pool.ts'
import { t } from '../../../engine/data/schema.ts'
import { type Bytes, type Fields, NULL } from './fields.ts'
import { TextKernel } from './text-kernel.ts'
import { SOURCE_HASH } from './text-kernel.wasm.ts'
import { Workspace } from './workspace.ts'

const ROWS = 512

/** Batches of one column, as texts; a text that holds `"` is written as an escaped field would be. */
class Texts {
  readonly space = new Workspace(ROWS, { fieldsMax: 2, kinds: [t.utf8.nullable] })
  readonly kernel = TextKernel.over(this.space) as TextKernel
  readonly column = { ...this.space.column(t.utf8.nullable), pool: new Pool(true) }

  read(texts: readonly (string | null)[]): (string | null)[] {
    const { window, at } = this.space
    const plain = Buffer.alloc(1 << 16) as unknown as Bytes
    let end = 32
    texts.forEach((text, row) => {
      at[4 * row + 2] = end
      if (text !== null) end += window.write(text, end)
      at[4 * row + 3] = text === null ? NULL : text.includes('"') ? ~end : end
      end++
    })
    const f: Fields = {
      bytes: window,
      view: new DataView(window.buffer, window.byteOffset, window.byteLength),
      at,
      stride: 2,
      rows: texts.length,
      json: false,
      refuse: () => assert.fail('refused'),
      unescape: (start, to) => window.copy(plain, 0, start, to),
      plain,
    }
    this.kernel.intern(f, 1, this.column)
    const { values, valid, pool } = this.column
    return texts.map((_, row) => (valid?.[row] === 0 ? null : pool.string(values[row] as number)))
  }
}

/** Lengths around the words that the kernel compares; few letters, so that texts nearly agree. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 4 }),
  fc.string({ unit: fc.constantFrom('a', 'é', '\0'), minLength: 6, maxLength: 40 }),
  fc
    .tuple(fc.integer({ min: 7, max: 70 }), fc.nat(70))
    .map(([n, i]) => `${'x'.repeat(n).slice(0, i)}y${'x'.repeat(n).slice(i)}`),
  fc.constantFrom(null, '', 'an "escaped" one', 'x'.repeat(5000), `${'x'.repeat(4999)}y`),
)

test('the kernel was compiled from its source', () => {
  const source = readFileSync(new URL('./text-kernel.as', import.meta.url))
  assert.equal(SOURCE_HASH, createHash('sha256').update(source).digest('hex'))
})

test('texts and nulls come back, each text has one code', () => {
  const texts = new Texts()
  fc.assert(
    fc.property(fc.array(text, { maxLength: 60 }), list => {
      // Twice: the second time they are known.
      assert.deepEqual(texts.read(list), list)
      assert.deepEqual(texts.read(list), list)
      const { pool } = texts.column
      assert.equal(new Set(pool.strings.filter(s => s !== undefined)).size, pool.count)
    }),
    { numRuns: 300 },
  )
})

test('more texts than the cache has places, and more bytes', () => {
  const texts = new Texts()
  for (let batch = 0; batch < 120; batch++) {
    const list = Array.from({ length: ROWS }, (_, i) =>
      i % 2 === 0
        ? `${(batch * ROWS + i) % 30_011}`
        : `row ${batch * ROWS + i} ${'-'.repeat(i % 90)}`,
    )
    assert.deepEqual(texts.read(list), list)
  }
})

test('another dictionary: codes of the one before are forgotten', () => {
  const texts = new Texts()
  texts.read(['one', 'a text of many words'])
  texts.column.pool = new Pool(true)
  assert.deepEqual(texts.read(['a text of many words', 'one']), ['a text of many words', 'one'])
  assert.equal(texts.column.pool.count, 2)
})
