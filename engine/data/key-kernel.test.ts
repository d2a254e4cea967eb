/** The key kernel against the rule in JavaScript: the same numbers for the same keys, and the same keys back. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { GeneratedKeys } from '../compile/aggregate/generated-keys.ts'
import { type Column, isText, newColumn } from './column.ts'
import { SOURCE_HASH } from './key-kernel.wasm.ts'
import { KeyNumbers } from './key-numbers.ts'
import { isWide, type Kind } from './kind.ts'
import { t } from './schema.ts'

const KINDS: readonly Kind[] = [
  ...[t.bool, t.int32, t.int64, t.bigint, t.float32, t.float64, t.utf8, t.date, t.timestamp],
  ...[t.decimal(10, 2), t.decimal(30, 2)],
].flatMap(kind => [kind as Kind, (kind as Kind).nullable])

const FLOATS = [0, -0, NaN, 1.5, -1.5, Infinity, 2 ** 40, 2 ** 40 + 1]
const BIGS = [0n, -1n, 1n, 2n ** 32n, 2n ** 62n, -(2n ** 62n)]

/** Fills a row with one of a few values of the kind. */
function fill(column: Column, i: number, seed: number): void {
  const { kind, values, valid } = column
  const none = valid !== null && seed % 5 === 0
  if (valid) valid[i] = none ? 0 : 1
  const big = (n: number) => (none ? 0n : (BIGS[n % BIGS.length] as bigint))
  if (isWide(kind)) {
    ;(values as BigInt64Array)[2 * i] = big(seed)
    ;(values as BigInt64Array)[2 * i + 1] = big(seed >> 3)
  } else if (values instanceof BigInt64Array) values[i] = big(seed)
  else if (none) values[i] = 0
  else if (kind.tag === 'bool') values[i] = seed & 1
  else if (values instanceof Int32Array) values[i] = isText(kind) ? seed % 40 : (seed % 90) - 45
  else if (!kind.tag.startsWith('float')) values[i] = [0, -0, 1, -1, 2 ** 40][seed % 5] as number
  else values[i] = FLOATS[seed % FLOATS.length] as number
}

const shape = fc.record({
  kinds: fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 4 }),
  batches: fc.array(fc.record({ rows: fc.nat(300), seed: fc.nat(), some: fc.boolean() }), {
    maxLength: 6,
  }),
  cleared: fc.nat(6),
})

/** A seeded generator of numbers below 2^24. */
function randomOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) ^ (state >>> 20)
  }
}

/** Numbers of selected rows, by row: what stands at others is anything. */
const chosen = (numbers: Int32Array, selection: Int32Array | null, rows: number): number[] =>
  selection === null
    ? [...numbers.subarray(0, rows)]
    : [...selection].map(i => numbers[i] as number)

test('the kernel was compiled from its source', () => {
  const source = readFileSync(new URL('./key-kernel.as', import.meta.url))
  assert.equal(SOURCE_HASH, createHash('sha256').update(source).digest('hex'))
})

test('kernel and rule number keys alike, whatever their kinds', () => {
  fc.assert(
    fc.property(shape, ({ kinds, batches, cleared }) => {
      const kernel = KeyNumbers.of(kinds) as KeyNumbers
      const rule = new GeneratedKeys(kinds)
      batches.forEach(({ rows, seed, some }, b) => {
        if (b === cleared) for (const keys of [kernel, rule]) keys.clear()
        const random = randomOf(seed)
        const columns = kinds.map(kind => newColumn(kind, rows))
        for (let i = 0; i < rows; i++) for (const column of columns) fill(column, i, random())
        const picked = Int32Array.from({ length: rows }, (_, i) => i).filter(() => random() & 1)
        const selection = some ? picked : null
        const batch = { rows, selection, selected: some ? picked.length : rows }
        const [mine, theirs] = [kernel, rule].map(keys => keys.assign(columns, batch))
        const of = (numbers: Int32Array | undefined) =>
          chosen(numbers as Int32Array, selection, rows)
        assert.deepEqual(of(mine), of(theirs))
        assert.equal(kernel.count, rule.count)
      })
      const from = Math.min(2, rule.count)
      kinds.forEach((_, j) => {
        const [mine, theirs] = [kernel, rule].map(keys => keys.column(j, from, rule.count))
        // The rule's arrays keep the NaN that came, the kernel's have one.
        assert.deepEqual(mine?.values, theirs?.values)
        assert.deepEqual(mine?.valid, theirs?.valid)
      })
    }),
    { numRuns: 400 },
  )
})

for (const kind of [t.int32, t.float64, t.decimal(30, 2)] as Kind[])
  test(`many keys of ${kind.name}: the table grows, the rows too`, () => {
    const kernel = KeyNumbers.of([kind]) as KeyNumbers
    const rule = new GeneratedKeys([kind])
    for (const rows of [10, 3000, 70_000, 200]) {
      const column = newColumn(kind, rows)
      const words = new Int32Array(column.values.buffer)
      const random = randomOf(rows)
      for (let i = 0; i < words.length; i++) words[i] = random() & 0x3ffff
      const batch = { rows, selection: null, selected: rows }
      const mine = kernel.assign([column], batch)
      assert.deepEqual(mine, rule.assign([column], batch).subarray(0, rows))
    }
    assert.ok(kernel.count > 40_000)
    const { values } = rule.column(0, 0, rule.count)
    assert.deepEqual(kernel.column(0, 0, rule.count).values, values)
  })

test('keys of no column, and nulls of more columns than a word has bits, are left to the rule', () => {
  assert.equal(KeyNumbers.of([]), null)
  assert.equal(KeyNumbers.of(Array.from({ length: 33 }, () => t.int32.nullable)), null)
  assert.notEqual(KeyNumbers.of(Array.from({ length: 32 }, () => t.int32.nullable)), null)
})
