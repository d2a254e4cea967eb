/** What statistics say of many rows, against the rows themselves, tested one by one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compare } from '../data/compare.ts'
import type { Kind } from '../data/kind.ts'
import { t } from '../data/schema.ts'
import { passes, type Test } from './condition.ts'
import { droppedBy, outcomeOf, type RowStatistics } from './outcome.ts'

const TEXTS = ['', 'a', 'b', 'ba', '€', '\u{1F600}', '\uFFFD']
/** Kinds with the values that their columns, and the tests, have. */
const KINDS: readonly (readonly [kind: Kind, values: readonly unknown[]])[] = [
  [t.int32.nullable, [-2, -1, 0, 1, 2]],
  [t.int32, [-2, 0, 2]],
  [t.float64.nullable, [-Infinity, -1.5, -0, 0, 2, Infinity, NaN]],
  [t.decimal(10, 2).nullable, [0.1, 0.2, 0.3, 1.01]],
  [t.decimal(30, 2).nullable, [0.1, 0.2, 0.3]],
  [t.bigint.nullable, [-(2n ** 62n), 0n, 1n]],
  [t.utf8.nullable, TEXTS],
  [t.bytes.nullable, TEXTS.map(text => Uint8Array.from(Buffer.from(text)))],
  [t.bool.nullable, [true, false]],
  [t.timestamp.nullable, [1.001, 1.002, 0, -5]],
]
const ORDERED = ['gt', 'gte', 'lt', 'lte'] as const

function testOf(values: readonly unknown[]): fc.Arbitrary<Test> {
  const bounds = values.filter(v => !Number.isNaN(v))
  const one = fc.constantFrom(...bounds)
  const orders = ['boolean', 'object'].includes(typeof bounds[0]) ? [] : ORDERED
  const column = 'c'
  return fc.oneof(
    fc.record({
      column: fc.constant(column),
      op: fc.constantFrom('eq', 'not', ...orders),
      value: one,
    }),
    fc.record({
      column: fc.constant(column),
      op: fc.constantFrom('eq', 'not'),
      value: fc.constant(null),
    }),
    fc.record({
      column: fc.constant(column),
      op: fc.constant('in'),
      value: fc.array(fc.constantFrom(...bounds, null), { maxLength: 3 }),
    }),
  ) as fc.Arbitrary<Test>
}

/** Bounds as a file may have them: of the values but NaN, or none; null counts or none. */
function statisticsOf(
  rows: readonly unknown[],
  known: { bounds: boolean; nulls: boolean },
): RowStatistics {
  const values = rows.filter(v => v !== null && !Number.isNaN(v)).sort(compare)
  const [min = null, max = null] = known.bounds ? [values[0], values.at(-1)] : []
  const nullCount = known.nulls ? rows.filter(v => v === null).length : null
  return { rows: rows.length, columns: new Map([['c', { min, max, nullCount }]]) }
}

for (const [kind, values] of KINDS)
  test(`an outcome holds for each row: ${kind.name}`, () => {
    const row = kind.optional ? fc.constantFrom(...values, null) : fc.constantFrom(...values)
    const decided = { all: 0, some: 0, none: 0 }
    const known = fc.record({ bounds: fc.boolean(), nulls: fc.boolean() })
    const rowsOf = fc.array(row, { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(rowsOf, testOf(values), known, (rows, asked, k) => {
        const outcome = outcomeOf(asked, statisticsOf(rows, k), kind)
        decided[outcome]++
        if (outcome === 'all') assert.ok(rows.every(v => passes(asked, v)))
        if (outcome === 'none') assert.ok(!rows.some(v => passes(asked, v)))
      }),
      { numRuns: 3000 },
    )
    assert.ok(decided.all > 100 && decided.none > 100, JSON.stringify(decided))
  })

test('rows are dropped by the first condition that any of them fails, if all fail it', () => {
  const s: RowStatistics = {
    rows: 5,
    columns: new Map([['c', { min: 1, max: 9, nullCount: 0 }]]),
  }
  const kindOf = () => t.int32 as Kind
  const over = (value: number): Test[] => [{ column: 'c', op: 'gt', value }]
  assert.equal(droppedBy([over(0), over(9)], s, kindOf), 1)
  assert.equal(droppedBy([over(9), over(0)], s, kindOf), 0)
  assert.equal(droppedBy([over(5), over(9)], s, kindOf), -1)
  assert.equal(droppedBy([over(0)], s, kindOf), -1)
  assert.equal(droppedBy([[...over(5), ...over(9)]], s, kindOf), 0)
  assert.equal(droppedBy([[{ column: 'unknown', op: 'eq', value: 1 }], over(9)], s, kindOf), -1)
})
