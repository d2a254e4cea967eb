/** What the server leaves out is what the steps would drop. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Decimal128, Double, Long, ObjectId, Timestamp } from 'mongodb'
import { schema, t } from '../../../engine/data/schema.ts'
import { passes, type Test } from '../../../engine/io/condition.ts'
import { runRows } from '../../../testing/index.ts'
import { mongo } from './index.ts'
import { readAll } from './testing/read-all.ts'
import { at, here, filled } from '../../../test/mongo/collections.ts'

const Fact = schema({
  i: t.int32.nullable,
  f: t.float64.nullable,
  d: t.decimal(10, 2).nullable,
  s: t.utf8.nullable,
  b: t.bool.nullable,
  at: t.timestamp.nullable,
})
const dec = (text: string): Decimal128 => Decimal128.fromString(text)
/** Values that a column takes or not, of all types that may stand beside each other. */
const VALUES: { readonly [column: string]: readonly unknown[] } = {
  i: [1, 2, 5, Long.fromNumber(2), new Double(2), 'x', null, undefined, [2], [9]],
  f: [
    new Double(0.5),
    2,
    new Double(Number.NaN),
    new Double(-Infinity),
    Long.fromNumber(2),
    'x',
    null,
    [2],
  ],
  d: [
    dec('12.1'),
    dec('12.10'),
    dec('1.005'),
    dec('NaN'),
    dec('1E+9'),
    12,
    new Double(12.1),
    '12.1',
    null,
    [dec('12.1')],
  ],
  s: [
    'a',
    'b',
    'é',
    'Z',
    '$i',
    5,
    null,
    undefined,
    new ObjectId('0123456789abcdef01234567'),
    ['a'],
    { a: 1 },
  ],
  b: [true, false, null, 1, undefined],
  at: [
    new Date(5),
    new Date(-5),
    new Date(1000),
    '5',
    null,
    new Timestamp({ t: 1, i: 0 }),
    [new Date(5)],
  ],
}
const CONDITIONS: readonly (readonly Test[])[] = [
  [{ column: 'i', op: 'eq', value: 2 }],
  [{ column: 'i', op: 'gt', value: 1.5 }],
  [{ column: 'i', op: 'not', value: null }],
  [{ column: 'i', op: 'in', value: [1, null] }],
  [{ column: 'f', op: 'gte', value: 0.5 }],
  [{ column: 'f', op: 'lt', value: 2 }],
  [{ column: 'f', op: 'not', value: 2 }],
  [{ column: 'd', op: 'eq', value: 12.1 }],
  [{ column: 'd', op: 'lte', value: 12.1 }],
  [{ column: 'd', op: 'gt', value: 12.1 }],
  [{ column: 's', op: 'eq', value: '$i' }],
  [{ column: 's', op: 'gt', value: 'a' }],
  [{ column: 's', op: 'not', value: 'a' }],
  [{ column: 'b', op: 'eq', value: true }],
  [{ column: 'b', op: 'not', value: true }],
  [{ column: 'at', op: 'lt', value: 5 }],
  [{ column: 'at', op: 'gte', value: 4.5 }],
]

test('what the server leaves out is what the steps would drop, and is counted under them', async context => {
  if (!here(context)) return
  const good = { i: 1, f: new Double(1.5), d: dec('1.50'), s: 'm', b: true, at: new Date(7) }
  const documents = Object.entries(VALUES).flatMap(([column, values]) =>
    values.map(value => {
      const { [column]: _, ...rest } = good as Record<string, unknown>
      return value === undefined ? rest : { ...rest, [column]: value }
    }),
  )
  await filled('facts', documents)
  const all = await readAll(mongo(at('facts'), Fact))
  assert.equal(all.rejects.length, 15)
  let left = 0
  for (const first of CONDITIONS) {
    const conditions = [first, CONDITIONS[13] as readonly Test[]]
    const skipped = [0, 0]
    const some = await readAll(mongo(at('facts'), Fact), {
      leaveOut: {
        conditions,
        skipped: (rows, by) => {
          skipped[by] = (skipped[by] ?? 0) + rows
        },
      },
    })
    const fails = (row: Record<string, unknown>): number =>
      conditions.findIndex(c => !c.every(one => passes(one, row[one.column])))
    const kept = (rows: readonly Record<string, unknown>[]) => rows.filter(row => fails(row) < 0)
    const why = JSON.stringify(first)
    assert.deepEqual(kept(some.rows), kept(all.rows), why)
    assert.deepEqual(
      some.rejects.map(r => r.reason),
      all.rejects.map(r => r.reason),
      why,
    )
    for (const by of [0, 1]) {
      const those = (rows: readonly Record<string, unknown>[]) =>
        rows.filter(row => fails(row) === by).length
      assert.equal(those(some.rows) + (skipped[by] as number), those(all.rows), `${why}, by ${by}`)
    }
    left += skipped.reduce((sum, rows) => sum + rows, 0)
  }
  assert.ok(left > 100, `${left} rows were left out`)
  const { rows } = await runRows(p => ({
    kept: p
      .read(mongo(at('facts'), Fact))
      .where({ i: 2 })
      .select('i'),
  }))
  assert.equal(rows.kept.length, all.rows.filter(r => r['i'] === 2).length)
})
