/** The BigQuery warehouse on a server: modes, idempotence, audits, several tables at once, previews. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Field, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { TableOptions } from '../../../engine/io/sink.ts'
import { audits } from '../table/index.ts'
import { dataset, loadOf as sampleLoad, put, type Row } from './testing/sample.ts'
import { bigqueryFor } from '../../../test/bigquery.ts'
import type { BigQueryWarehouse } from './warehouse.ts'

const columns: Field[] = [
  { name: 'id', kind: t.int32 },
  { name: 'v', kind: t.utf8.nullable },
  { name: 'at', kind: t.date },
  { name: 'gone', kind: t.bool },
]
const day = (text: string): number => Date.parse(`${text}T00:00:00Z`)
type Short = [number, string | null, string, boolean?]
const rowsOf = (rows: readonly Short[]): Row[] =>
  rows.map(([id, v, at, gone = false]) => [id, v, day(at), gone])

const loadOf = (
  rows: readonly Short[],
  o: Partial<TableOptions> & { id: string; table?: string; rows?: number },
) => sampleLoad(columns, [rowsOf(rows)], o)

const ids = async (w: BigQueryWarehouse, table = 'sales') =>
  (await w.query(`SELECT id, v FROM \`${table}\` ORDER BY id, v`))
    .map(r => `${r['id']}${r['v'] ?? '-'}`)
    .join(' ')

const fault = (kind: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error))
  assert.match(error.render(), text)
  assert.equal(error.kind, kind)
  return true
}

test('replace, then append, which is done once however often it is published', async context => {
  if (!(await bigqueryFor(context))) return
  const w = (await dataset()).open()
  await w.check()
  await put(
    w,
    await loadOf(
      [
        [1, 'a', '2020-01-01'],
        [2, null, '2020-01-02'],
      ],
      { id: 'r1' },
    ),
  )
  assert.equal(await ids(w), '1a 2-')
  const more = await loadOf([[3, 'c', '2020-01-03']], { id: 'a1', mode: 'append' })
  assert.deepEqual(
    (await put(w, more)).map(r => r.adopted),
    [false],
  )
  assert.deepEqual(
    (await put(w, more)).map(r => r.adopted),
    [true],
  )
  assert.equal(await ids(w), '1a 2- 3c')
  await put(w, await loadOf([[9, 'z', '2020-01-01']], { id: 'r2' }))
  await put(w, await loadOf([[1, 'a', '2020-01-01']], { id: 'r1' }))
  assert.equal(await ids(w), '1a')
  assert.deepEqual(
    (await put(w, more)).map(r => r.adopted),
    [false],
    'the new table has it not',
  )
  assert.equal(await ids(w), '1a 3c')
  await w.close()
})

test('replacePartition replaces what it brings, and no others', async context => {
  if (!(await bigqueryFor(context))) return
  const w = (await dataset()).open()
  const o = { mode: 'replacePartition', partition: { by: 'at', unit: 'month' } } as const
  await put(
    w,
    await loadOf(
      [
        [1, 'a', '2020-01-01'],
        [2, 'b', '2020-02-01'],
        [3, 'c', '2020-02-29'],
      ],
      { id: 'p1', ...o },
    ),
  )
  const next = await loadOf([[4, 'd', '2020-02-10']], { id: 'p2', ...o })
  await put(w, next)
  await put(w, next)
  assert.equal(await ids(w), '1a 4d')
  await w.close()
})

test('merge keeps the latest of each key, honours deletes, and repeats to the same table', async context => {
  if (!(await bigqueryFor(context))) return
  const w = (await dataset()).open()
  const o = { mode: 'merge', key: ['id'], latest: 'at', deleted: 'gone' } as const
  await put(
    w,
    await loadOf(
      [
        [1, 'a', '2020-01-02'],
        [2, 'b', '2020-01-02'],
        [3, 'c', '2020-01-02'],
      ],
      { id: 'm1', ...o },
    ),
  )
  const second = await loadOf(
    [
      [1, 'old', '2020-01-01'],
      [2, 'new', '2020-01-03'],
      [3, 'c', '2020-01-04', true],
      [4, 'first', '2020-01-05'],
      [4, 'last', '2020-01-05'],
    ],
    { id: 'm2', ...o },
  )
  await put(w, second)
  await put(w, second)
  assert.equal(await ids(w), '1a 2new 4last')
  await put(w, await loadOf([[3, 'late', '2020-01-03']], { id: 'm3', ...o }))
  assert.equal(await ids(w), '1a 2new 4last')
  await put(w, await loadOf([[3, 'back', '2020-01-05']], { id: 'm4', ...o }))
  assert.equal(await ids(w), '1a 2new 3back 4last')
  await w.close()
})

test('a failed audit publishes none of the tables, shows rows, and keeps staging', async context => {
  if (!(await bigqueryFor(context))) return
  const w = (await dataset()).open()
  await put(w, await loadOf([[1, 'a', '2020-01-01']], { id: 'r1' }))
  const good = await loadOf([[7, 'g', '2020-01-01']], { id: 'g', table: 'other' })
  const bad = await loadOf(
    [
      [2, 'x', '2020-01-01'],
      [2, 'y', '2020-01-01'],
    ],
    {
      id: 'b',
      mode: 'append',
      audit: [audits.unique('id'), audits.rowCount({ max: 10 })],
    },
  )
  await assert.rejects(
    put(w, good, bad),
    fault(
      'data',
      /unique id[\s\S]*failed for 1 row[\s\S]*row {3}\{"id":2,"rows":2\}[\s\S]*kept {2}.*millrace_staging_sales_/,
    ),
  )
  assert.equal(await ids(w), '1a')
  await assert.rejects(w.query('SELECT 1 FROM other'), /other/)
  await w.abandon([good, bad])
  await w.close()
})

test('every audit sees the table as it will stand, other tables of the load too', async context => {
  if (!(await bigqueryFor(context))) return
  const w = (await dataset()).open()
  const shops = await loadOf([[1, 'a', '2020-01-01']], { id: 's', table: 'shops' })
  const sales = (audit: readonly unknown[], rows: Short[] = [[1, 'a', '2020-01-01']]) =>
    loadOf(rows, { id: `x${JSON.stringify(audit)}`, audit })
  await put(
    w,
    shops,
    await sales([
      audits.relationship('id', 'shops', 'id'),
      audits.notNull('v'),
      audits.accepted('v', ['a', "o'b\\"]),
      audits.sql('SELECT * FROM sales WHERE id > 5;'),
    ]),
  )
  const fails = async (audit: unknown, rows?: Short[]) =>
    assert.rejects(put(w, await sales([audit], rows)), fault('data', /failed for 1 row/))
  await fails(audits.relationship('id', 'shops', 'id'), [[2, 'a', '2020-01-01']])
  await fails(audits.notNull('v'), [[2, null, '2020-01-01']])
  await fails(audits.accepted('v', ['b']))
  await fails(audits.accepted('id', [Number.NaN, 7]))
  await fails(audits.rowCount({ min: 2 }))
  await fails(audits.sql('SELECT * FROM sales WHERE id = 1'))
  await w.close()
})

test('several tables are published together, in whatever mode', async context => {
  if (!(await bigqueryFor(context))) return
  const w = (await dataset()).open()
  await put(w, await loadOf([[1, 'a', '2020-01-01']], { id: 'r0', table: 'three' }))
  const loads = [
    await loadOf([[1, 'a', '2020-01-01']], { id: '1', table: 'one' }),
    await loadOf([[2, 'b', '2020-01-01']], { id: '2', table: 'two', mode: 'append' }),
    await loadOf([[1, 'c', '2020-01-03']], {
      id: '3',
      table: 'three',
      mode: 'merge',
      key: ['id'],
      latest: 'at',
    }),
  ]
  await put(w, ...loads)
  const again = await put(w, ...loads)
  assert.deepEqual(
    again.map(r => r.adopted),
    [false, true, false],
  )
  assert.deepEqual(
    [await ids(w, 'one'), await ids(w, 'two'), await ids(w, 'three')],
    ['1a', '2b', '1c'],
  )
  await w.close()
})

test('a table with other columns is refused with the difference, except by replace', async context => {
  if (!(await bigqueryFor(context))) return
  const w = (await dataset()).open()
  await put(w, await loadOf([[1, 'a', '2020-01-01']], { id: 'r1' }))
  const other: Field[] = [
    { name: 'id', kind: t.utf8 },
    { name: 'more', kind: t.int64.nullable },
  ]
  const load = (mode: 'append' | 'replace') => sampleLoad(other, [[['x', 1]]], { id: mode, mode })
  await assert.rejects(
    put(w, await load('append')),
    fault(
      'data',
      /other columns[\s\S]*id: expected STRING, the table has INT64[\s\S]*more: expected INT64, the table has no such column[\s\S]*gone: in the table only/,
    ),
  )
  await w.close()
})
