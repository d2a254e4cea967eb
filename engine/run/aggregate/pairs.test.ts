/** Distinct pairs are those of a plain set, in the order in which they came, whatever repeats. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Batch, dense } from '../../data/batch.ts'
import { type Column, newColumn } from '../../data/column.ts'
import type { Kind } from '../../data/kind.ts'
import { Pool } from '../../data/pool.ts'
import { schemaOf, t } from '../../data/schema.ts'
import { readValue, writeValue } from '../../data/value.ts'
import { randomOf } from '../heads/run-head.ts'
import { Pairs } from './pairs.ts'

const ROWS = 500
type Made = { readonly kind: Kind; readonly value: (r: (below: number) => number) => unknown }

const cases: Record<string, Made> = {
  int32: { kind: t.int32, value: r => r(40) - 20 },
  float64: { kind: t.float64, value: r => [0, -0, NaN, 1.5, -2, 1e300, r(9)][r(7)] },
  decimal: { kind: t.decimal(30, 2), value: r => r(40) / 4 },
  bigint: { kind: t.bigint, value: r => BigInt(r(40)) * 5_000_000_000n },
  bool: { kind: t.bool, value: r => r(2) === 0 },
  'utf8 with one dictionary': { kind: t.utf8, value: r => `v${r(50)}` },
}

function batchOf(kind: Kind, values: readonly unknown[], pool: Pool | undefined): Batch {
  const column = newColumn(kind.nullable, values.length, pool)
  values.forEach((value, i) => {
    writeValue(column, i, value)
  })
  return dense(schemaOf([{ name: 'v', kind: kind.nullable }]), [column], values.length)
}

const shown = (group: unknown, value: unknown): string =>
  `${group}/${typeof value === 'number' ? value + 0 : value}`

/** Several batches, then again after `clear`; some rows are not selected. */
function check({ kind, value }: Made, poolOf: (batch: number) => Pool | undefined): void {
  const r = randomOf(7)
  const pairs = new Pairs(schemaOf([{ name: 'v', kind: kind.nullable }]), 'v')
  for (let round = 0; round < 2; round++) {
    const expected = new Set<string>()
    for (let b = 0; b < 6; b++) {
      const values = Array.from({ length: ROWS }, () => (r(6) === 0 ? null : value(r)))
      const groups = Int32Array.from({ length: ROWS }, () => r(12))
      const rows = values.flatMap((_, i) => (r(4) === 0 ? [] : [i]))
      const selection = Int32Array.from(rows)
      const batch = { ...batchOf(kind, values, poolOf(b)), selection, selected: rows.length }
      pairs.add(batch, groups)
      for (const i of rows) if (values[i] !== null) expected.add(shown(groups[i], values[i]))
    }
    const { table } = pairs
    const numbers = table.column(0, t.int32).values
    const column: Column = table.column(1, kind)
    const met = Array.from({ length: table.count }, (_, p) =>
      shown(numbers[p], readValue(column, p)),
    )
    assert.deepEqual(met, [...expected])
    pairs.clear()
  }
}

for (const [name, made] of Object.entries(cases)) {
  const dictionary = name.startsWith('utf8') ? new Pool(true) : undefined
  test(`distinct pairs of ${name}`, () => check(made, () => dictionary))
}

test('distinct pairs of texts whose batches bring dictionaries in turns, or none', () => {
  const made = { kind: t.utf8 as Kind, value: (r: (below: number) => number) => `v${r(50)}` }
  const [one, two] = [new Pool(true), new Pool(true)]
  check(made, b => [one, two, one, new Pool(false), two][b % 5])
})
