/** What BigQuery does not take, told before anything is sent; how tables are made, and what a difference looks like. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Field, schema, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { TableOptions } from '../../../engine/io/sink.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { audits } from '../table/index.ts'
import { checkColumns, compareColumns, sameShape } from './columns.ts'
import { newTable, partitioningOf, stagingTable } from './layout.ts'
import { defaults } from './testing/sample.ts'
import { fieldOf, typeText } from './types.ts'
import { conditionOf } from './where.ts'

const columns: Field[] = [
  { name: 'id', kind: t.int32 },
  { name: 'note', kind: t.utf8.nullable },
  { name: 'at', kind: t.timestamp },
  { name: 'day', kind: t.date },
  { name: 'real', kind: t.float64 },
]
const load = (o: Partial<TableOptions> = {}, of = columns, table = 'sales'): TableLoad => ({
  id: '1',
  table,
  columns: of,
  files: [],
  rows: 0,
  at: 'user.ts:1  .write',
  options: { ...defaults, ...o },
})
const fault = (kind: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error))
  assert.match(error.render(), text)
  assert.equal(error.kind, kind)
  return true
}
const refuses = (text: RegExp, o: Partial<TableOptions>, of?: Field[], table?: string) =>
  assert.throws(() => checkColumns(load(o, of, table)), fault('pipeline', text), `${text}`)
const layout = {
  requirePartitionFilter: false,
  labels: {},
  description: null,
  columnDescriptions: {},
}

test('what the author can mend is refused before anything is sent', () => {
  checkColumns(load({ partition: { by: 'at', unit: 'hour' }, cluster: ['note', 'id'] }))
  const one = (name: string, kind: Field['kind'] = t.int32): Field[] => [{ name, kind }]
  refuses(/no column named "a b"[\s\S]*snake_case/, {}, one('a b'))
  refuses(/no column named "_PARTITIONTIME"/, {}, one('_PARTITIONTIME'))
  refuses(/no column named "`; DROP"/, {}, one('`; DROP'))
  refuses(/"id" and "ID" are one name/, {}, [...one('id'), ...one('ID')])
  refuses(/is list\(list.*which has no type/, {}, one('x', t.list(t.list(t.int32))))
  refuses(/takes no such name/, {}, columns, 'a`.b')
  refuses(/takes no such name/, {}, columns, 'x'.repeat(1025))
  refuses(/"note" is no date/, { partition: { by: 'note', unit: 'day' } })
  refuses(/has no hours/, { partition: { by: 'day', unit: 'hour' } })
  refuses(/"at" is no whole number/, {
    partition: { by: 'at', range: { start: 0, end: 9, step: 1 } },
  })
  refuses(/100000 ranges/, { partition: { by: 'id', range: { start: 0, end: 1e5, step: 1 } } })
  refuses(/cannot be clustered by "real", which is float64/, { cluster: ['real'] })
  refuses(/5 cluster columns/, { cluster: ['id', 'note', 'at', 'day', 'id'] })
  refuses(/label "Big"/, { layout: { ...layout, labels: { Big: 'x' } } })
  refuses(/described column "nope"/, { layout: { ...layout, columnDescriptions: { nope: 'x' } } })
  refuses(/requirePartitionFilter needs partition/, {
    layout: { ...layout, requirePartitionFilter: true },
  })
  refuses(/key "real" is float64/, { mode: 'merge', key: ['real'], latest: 'at' })
  refuses(/deleted column "note" is not bool/, {
    mode: 'merge',
    key: ['id'],
    latest: 'at',
    deleted: 'note',
  })
  refuses(/asks for column "nota"[\s\S]*did you mean "note"/, { audit: [audits.notNull('nota')] })
  refuses(/names no column/, { audit: [audits.unique()] })
})

test('a table that must be asked by partition is not read as a whole', () => {
  const partition = { by: 'at', unit: 'day' } as const
  const strict = { partition, layout: { ...layout, requirePartitionFilter: true } }
  checkColumns(load({ ...strict, mode: 'append' }))
  checkColumns(load({ ...strict, mode: 'replace', audit: [audits.unique('id')] }))
  refuses(/mode merge reads the whole table/, {
    ...strict,
    mode: 'merge',
    key: ['id'],
    latest: 'at',
  })
  refuses(/mode append with audits reads/, {
    ...strict,
    mode: 'append',
    audit: [audits.unique('id')],
  })
})

test('kinds as types', () => {
  const inner = schema({ a: t.decimal(38, 9), b: t.list(t.json).nullable })
  const of = (kind: Field['kind']) => typeText(fieldOf({ name: 'x', kind }))
  assert.equal(of(t.decimal(38, 9)), 'NUMERIC')
  assert.equal(of(t.decimal(38, 10)), 'BIGNUMERIC')
  assert.equal(of(t.decimal(30, 0)), 'BIGNUMERIC')
  assert.equal(of(t.list(t.struct(inner))), 'REPEATED RECORD(a NUMERIC, b REPEATED JSON)')
  assert.equal(typeText({ name: 'x', type: 'INTEGER', mode: 'NULLABLE' }), 'INT64')
  assert.equal(fieldOf({ name: 'x', kind: t.int32.nullable }).mode, 'NULLABLE')
  assert.equal(fieldOf({ name: 'x', kind: t.int32 }).mode, 'REQUIRED')
})

test('a table that stands is compared by name, type and place', () => {
  const fields = columns.map(c => fieldOf(c))
  compareColumns(load(), fields)
  compareColumns(load(), fields.toReversed())
  assert.equal(sameShape(load(), fields), true)
  assert.equal(sameShape(load(), fields.toReversed()), false)
  const [first, ...rest] = fields
  const other = [
    { ...first, name: 'ID', type: 'STRING' },
    ...rest.slice(1),
    { name: 'more', type: 'JSON' },
  ]
  assert.throws(
    () => compareColumns(load(), other),
    fault(
      'data',
      /id: expected INT64, the table has STRING[\s\S]*note: expected STRING, the table has no such column[\s\S]*more: in the table only[\s\S]*mode 'replace'/,
    ),
  )
})

test('tables are made as asked; staging as the table that stands', () => {
  const dataset = { project: 'p', dataset: 'd', location: 'EU' }
  const range = { start: 0, end: 100, step: 10 }
  const described = {
    requirePartitionFilter: true,
    labels: { team: 'a' },
    description: 'Sales',
    columnDescriptions: { id: 'whose' },
  }
  const made = newTable(
    load({ partition: { by: 'id', range }, cluster: ['note'], layout: described }),
    dataset,
  )
  assert.deepEqual(made.rangePartitioning, {
    field: 'id',
    range: { start: '0', end: '100', interval: '10' },
  })
  assert.deepEqual(made.clustering, { fields: ['note'] })
  assert.equal(made.requirePartitionFilter, true)
  assert.deepEqual([made.labels, made.description], [{ team: 'a' }, 'Sales'])
  assert.equal(made.schema.fields[0]?.description, 'whose')
  const standing = {
    timePartitioning: { type: 'DAY', field: 'at' },
    clustering: { fields: ['id'] },
  }
  const staging = stagingTable(load({ mode: 'append' }), {
    dataset,
    table: 's',
    standing,
    expiresAt: 7,
  })
  assert.deepEqual(staging.timePartitioning, standing.timePartitioning)
  assert.deepEqual([staging.clustering, staging.expirationTime], [standing.clustering, '7'])
  const merges = stagingTable(load({ mode: 'merge', key: ['id'], latest: 'at' }), {
    dataset,
    table: 's',
    standing,
    expiresAt: 7,
  })
  assert.equal(merges.schema.fields.at(-1)?.name, 'millrace_position')
  assert.throws(
    () => partitioningOf(load({ partition: { by: 'at', unit: 'month' } }), standing),
    fault(
      'data',
      /partitioned in another way[\s\S]*expected {2}month of at[\s\S]*the table has {2}day of at/,
    ),
  )
})

test('where becomes a condition whose values are parameters', () => {
  const s = schema({
    id: t.int64,
    name: t.utf8.nullable,
    at: t.timestamp,
    day: t.date,
    price: t.decimal(9, 2),
  })
  const of = (where: Record<string, unknown>) => {
    const { sql, parameters } = conditionOf(s, where)
    return [
      sql,
      ...parameters.map(
        p => p.parameterValue.value ?? p.parameterValue.arrayValues?.map(v => v.value).join(),
      ),
    ]
  }
  assert.deepEqual(of({}), ['TRUE'])
  assert.deepEqual(of({ name: "x' OR 1=1 --" }), ['`name` = @p0', "x' OR 1=1 --"])
  assert.deepEqual(of({ name: null, id: { not: 3 } }), ['`name` IS NULL AND `id` <> @p0', '3'])
  assert.deepEqual(of({ name: { in: ['a', null] } }), [
    '(`name` IN UNNEST(@p0) OR `name` IS NULL)',
    'a',
  ])
  assert.deepEqual(of({ name: { in: [] } }), ['FALSE'])
  const times = of({ at: { gte: 1.5, lt: -0.001 }, day: Date.UTC(2026, 0, 31) })
  assert.deepEqual(times.slice(1), [
    '1970-01-01T00:00:00.001500Z',
    '1969-12-31T23:59:59.999999Z',
    '2026-01-31',
  ])
  assert.throws(() => of({ id: 'x' }), fault('pipeline', /expected int64, got string/))
  assert.throws(() => of({ id: { like: 3 } }), fault('pipeline', /no test "like"/))
})
