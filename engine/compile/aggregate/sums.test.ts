/** Sums of decimals are exact on every way: in doubles, carried, as wide words, and beyond 38 digits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Batch, dense } from '../../data/batch.ts'
import { type Column, newColumn } from '../../data/column.ts'
import type { Kind } from '../../data/kind.ts'
import { schemaOf, t } from '../../data/schema.ts'
import { readUnits, readValue, writeUnits } from '../../data/value.ts'
import { sumKind } from '../../plan/aggregate.ts'
import { Sum } from './sums.ts'

const GROUPS = 5

function sumOf(kind: Kind, mean = false): Sum {
  const output = mean ? t.float64.nullable : sumKind(kind)
  return new Sum({ name: 's', shown: 'total', column: 0, kind, output, mean, at: 'there:1' })
}

/** Null for null; else units. */
function batchOf(kind: Kind, units: readonly (bigint | null)[]): Batch {
  const column = newColumn(kind, units.length)
  units.forEach((u, i) => {
    if (column.valid) column.valid[i] = u === null ? 0 : 1
    writeUnits(column, i, u ?? 0n)
  })
  return dense(schemaOf([{ name: 'v', kind }]), [column], units.length)
}

const unitsOf = (column: Column, count: number): (bigint | null)[] =>
  Array.from({ length: count }, (_, g) => (column.valid?.[g] === 0 ? null : readUnits(column, g)))

/** What each group adds up to; the rows come in turns. */
function expected(units: readonly (bigint | null)[]): (bigint | null)[] {
  const sums: (bigint | null)[] = Array.from({ length: GROUPS }, () => null)
  units.forEach((u, i) => {
    const g = i % GROUPS
    if (u !== null) sums[g] = (sums[g] ?? 0n) + u
  })
  return sums
}

const turns = (rows: number): Int32Array => Int32Array.from({ length: rows }, (_, i) => i % GROUPS)

/** Through partials of two halves, merged, as an exchange does it. */
function summed(kind: Kind, units: readonly (bigint | null)[]): (bigint | null)[] {
  const merged = sumOf(kind)
  merged.reserve(GROUPS)
  const half = GROUPS * 20
  for (const rows of [units.slice(0, half), units.slice(half)]) {
    const part = sumOf(kind)
    part.reserve(GROUPS)
    part.update(batchOf(kind, rows), turns(rows.length))
    const columns = part.partial(0, GROUPS)
    const partials = dense(schemaOf(part.partialFields), columns, GROUPS)
    merged.merge(partials, turns(GROUPS), 0)
  }
  return unitsOf(merged.result(0, GROUPS), GROUPS)
}

const cases: Record<string, { kind: Kind; unit: (i: number) => bigint | null }> = {
  'small units': { kind: t.decimal(10, 3), unit: i => BigInt(i * 37 - 2000) },
  'nulls, and a group without values': {
    kind: t.decimal(10, 3).nullable,
    unit: i => (i % 3 === 0 || i % GROUPS === 4 ? null : BigInt(-i)),
  },
  'a narrow sum': { kind: t.decimal(4, 2), unit: i => BigInt((i % 2) * 9999) },
  'fifteen digits, carried': {
    kind: t.decimal(15, 2),
    unit: i => 999_999_999_999_999n - BigInt(i),
  },
  'fifteen digits below zero, carried': {
    kind: t.decimal(15, 2),
    unit: i => -999_999_999_999_999n + BigInt(i),
  },
  'signs that take turns around the carry': {
    kind: t.decimal(15, 0),
    unit: i => (i % 23 < 12 ? 999_999_999_999_999n : -999_999_999_999_998n),
  },
  'wide values of all sizes': {
    kind: t.decimal(28, 2),
    unit: i => (i % 2 === 0 ? -1n : 1n) * (1n << BigInt(i % 90)) + BigInt(i),
  },
  'wide values at the borders of words': {
    kind: t.decimal(20, 0),
    unit: i =>
      [(1n << 49n) - 1n, -(1n << 49n), 1n << 49n, (1n << 32n) - 1n, -1n, 1n << 63n][i % 6]!,
  },
}
for (const [name, { kind, unit }] of Object.entries(cases))
  test(`sums: ${name}`, () => {
    const units = Array.from({ length: GROUPS * 41 }, (_, i) => unit(i))
    assert.deepEqual(summed(kind, units), expected(units))
  })

test('a sum that does not fit its digits is a fault, whatever the way there', () => {
  const wide = Array.from({ length: GROUPS * 41 }, () => 10n ** 38n - 1n)
  assert.throws(() => summed(t.decimal(38, 0), wide), {
    kind: 'data',
    message: 'a sum of decimals does not fit decimal(38,0)?',
  })
  const sum = sumOf(t.decimal(2, 0))
  const output = t.decimal(12, 0)
  sum.reserve(1)
  for (let i = 0; i < 2000; i++) {
    const partial = batchOf(t.decimal(38, 0).nullable, [10n ** 12n])
    sum.merge(partial, new Int32Array(1), 0)
  }
  assert.throws(() => sum.result(0, 1), {
    message: `a sum of decimals does not fit ${output.name}`,
  })
})

test('means of decimals divide exact sums', () => {
  const sum = sumOf(t.decimal(15, 2), true)
  sum.reserve(GROUPS)
  const units = Array.from({ length: 100 }, () => 999_999_999_999_999n)
  sum.update(batchOf(t.decimal(15, 2), units), turns(100))
  const mean = sum.result(0, GROUPS)
  for (let g = 0; g < GROUPS; g++) assert.equal(readValue(mean, g), 9_999_999_999_999.99)
})

test('a sum of whole numbers past 2^53 is a fault that names the aggregate', () => {
  const sum = sumOf(t.int64)
  sum.reserve(1)
  const column = newColumn(t.int64, 2)
  column.values.fill((2 ** 53 - 1) as never)
  const batch = dense(schemaOf([{ name: 'v', kind: t.int64 }]), [column], 2)
  assert.throws(() => sum.update(batch, new Int32Array(2)), {
    kind: 'data',
    message: 'the sum "total" exceeds 2^53',
    at: 'there:1',
  })
})

test('a mean of whole numbers is exact where their sum is past 2^53', () => {
  const mean = sumOf(t.int64, true)
  mean.reserve(1)
  const column = newColumn(t.int64, 4)
  column.values.set([2 ** 53 - 1, 2 ** 53 - 1, 2 ** 53 - 1, 1] as never)
  mean.update(dense(schemaOf([{ name: 'v', kind: t.int64 }]), [column], 4), new Int32Array(4))
  assert.equal(readValue(mean.result(0, 1), 0), Number((3n * (2n ** 53n - 1n) + 1n) / 4n) + 0.5)
})
