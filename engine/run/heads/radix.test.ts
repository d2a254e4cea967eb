import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kind } from '../../data/kind.ts'
import { t } from '../../data/schema.ts'
import type { Compared, OrderKey } from './order.ts'
import { radixSort } from './radix.ts'
import { randomOf } from './run-head.ts'

type Random = (below: number) => number
const DOMAINS: readonly { kind: Kind; make: (r: Random) => number }[] = [
  { kind: t.int32, make: r => r(7) - 3 },
  { kind: t.int32, make: r => [-2147483648, 2147483647, 0, -1][r(4)] as number },
  { kind: t.date, make: r => 14_000 + r(400) },
  { kind: t.int64, make: r => (r(3) - 1) * 4_500_000_000 + r(5) },
  { kind: t.int64, make: r => -(2 ** 52) + r(2) * 2 ** 33 + r(2) },
  { kind: t.timestamp, make: r => 1.3e15 + r(1 << 30) * 40_000 },
  { kind: t.decimal(10, 3), make: r => r(100) * 10 },
  { kind: t.int32, make: () => 5 },
]

function columnOf({ kind, make }: (typeof DOMAINS)[number], rows: number, random: Random) {
  const narrow = kind.tag === 'int32' || kind.tag === 'date'
  const values = narrow ? new Int32Array(rows) : new Float64Array(rows)
  const valid = random(2) === 0 ? null : new Uint8Array(rows)
  for (let i = 0; i < rows; i++) {
    if (valid !== null) valid[i] = random(4) === 0 ? 0 : 1
    if (valid === null || valid[i] === 1) values[i] = make(random)
  }
  return { values, valid, pool: null } satisfies Compared
}

function compare(key: OrderKey, { values, valid }: Compared, a: number, b: number): number {
  const [noneA, noneB] = [valid?.[a] === 0, valid?.[b] === 0]
  if (noneA || noneB) return noneA === noneB ? 0 : noneA === (key.nulls === 'last') ? 1 : -1
  const order = (values[a] as number) - (values[b] as number)
  return key.descending ? -order : order
}

test('rows come in the order of their keys, equal ones as they stood', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = randomOf(seed)
    const rows = 512 + random(600)
    const domains = Array.from({ length: 1 + random(3) }, () => DOMAINS[random(DOMAINS.length)])
    const keys = domains.map(
      (d): OrderKey => ({
        kind: (d as (typeof DOMAINS)[number]).kind,
        descending: random(2) === 0,
        nulls: random(2) === 0 ? 'first' : 'last',
      }),
    )
    const columns = domains.map(d => columnOf(d as (typeof DOMAINS)[number], rows, random))
    const expected = Array.from({ length: rows }, (_, i) => i).sort((a, b) => {
      for (const [j, key] of keys.entries()) {
        const order = compare(key, columns[j] as Compared, a, b)
        if (order !== 0) return order
      }
      return a - b
    })
    assert.deepEqual(Array.from(radixSort(keys, columns, rows) ?? []), expected, `seed ${seed}`)
  }
})

test('what is no whole number, too far apart or too little is left to a merge', () => {
  const key = (kind: Kind): OrderKey => ({ kind, descending: false, nulls: 'last' })
  const column = (values: Float64Array): Compared => ({ values, valid: null, pool: null })
  assert.equal(radixSort([key(t.float64)], [column(new Float64Array(600))], 600), null)
  assert.equal(radixSort([key(t.int64)], [column(new Float64Array(10))], 10), null)
  const far = new Float64Array(600).fill(-(2 ** 53) + 1)
  far[3] = 2 ** 53 - 1
  assert.equal(radixSort([key(t.int64)], [column(far)], 600), null)
})
