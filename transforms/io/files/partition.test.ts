/** Hive folders through whole pipelines: nothing leaves the output, and everything reads back as it was. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { after, test } from 'node:test'
import { type AnySchema, schema, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { runPipeline } from '../../../engine/run/run.ts'
import { runRows } from '../../../testing/index.ts'
import { csv } from '../csv/csv.ts'
import { ndjson } from '../ndjson/ndjson.ts'
import { parquet } from '../parquet/index.ts'
import { duck } from '../parquet/testing/peers.ts'
import { pipeline } from '../../pipeline.ts'
import type { Sink } from '../../write.ts'
import { folderOf } from './testing/read-all.ts'

const folder = folderOf({})
after(() => folder.remove())

// biome-ignore lint/suspicious/noExplicitAny: rows of whatever schema
type Rows = readonly any[]

async function write(s: AnySchema, rows: Rows, sink: Sink<string>): Promise<string[]> {
  const definition = pipeline({
    name: 'partitioned',
    build(p) {
      p.create(s, rows as never).write(sink as Sink<never>)
    },
  })
  const report = await runPipeline({ pipeline: definition, partitions: 4, overwrite: true })
  assert.equal(report.error, undefined, JSON.stringify(report.error))
  return report.outputs.map(o => o.uri)
}

const filesIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(e => e.isFile())
    .map(e => relative(path, join(e.parentPath, e.name)))
    .sort()

const AWKWARD = [
  '../../etc',
  'a/b\0',
  '',
  null,
  '..',
  '.',
  'null',
  'NULL',
  '__HIVE_DEFAULT_PARTITION__',
  'a=b',
  '50%',
  '%41',
  'x%2Fy',
  '\\..\\',
  'new\nline',
  '*?[a]{b}',
  '"\'`',
  ' lead and trail ',
  'É日本🦆',
  '-1',
  '007',
  '1e3',
  'true',
  '2011-01-01',
  'z'.repeat(250),
]
const Key = schema({ k: t.utf8.nullable, id: t.int32 })
const awkward = AWKWARD.flatMap((k, i) => [0, 1, 2].map(n => ({ k, id: 3 * i + n })))
const byId = <R extends { id: number }>(rows: readonly R[]): R[] =>
  rows.toSorted((a, b) => a.id - b.id)

const by = { partitionBy: ['k'] } as const
const FORMATS = {
  csv: { sink: (uri: string) => csv(uri, by), source: (uri: string) => csv(uri, Key) },
  ndjson: { sink: (uri: string) => ndjson(uri, by), source: (uri: string) => ndjson(uri, Key) },
  parquet: { sink: (uri: string) => parquet(uri, by), source: (uri: string) => parquet(uri, Key) },
}
for (const [name, format] of Object.entries(FORMATS))
  test(`${name}: every partition value stays inside the output and reads back`, async () => {
    const output = join(folder.path, name, 'awkward')
    await write(Key, awkward, format.sink(output))
    const files = filesIn(output)
    assert.equal(files.length, AWKWARD.length)
    for (const file of files) assert.match(file, /^k=[^/\\\0\n*?[\]{}"]*\/part-00000\.\w+$/)
    assert.deepEqual(readdirSync(join(folder.path, name)), ['awkward'])
    const { rows } = await runRows(p => ({ all: p.read(format.source(output)) }))
    assert.deepEqual(byId(rows.all), awkward)
    const reader = { csv: 'read_csv', ndjson: 'read_json', parquet: 'read_parquet' }[name]
    const found = await duck(
      `SELECT k, id::INTEGER FROM ${reader}('${output}/**/part-*', hive_partitioning = true, hive_types = {'k': VARCHAR}) ORDER BY id`,
    )
    assert.deepEqual(
      found,
      awkward.map(r => [r.k, r.id]),
    )
  })

const Kinds = schema({
  id: t.int32,
  bool: t.bool,
  int64: t.int64.nullable,
  big: t.bigint,
  float: t.float64,
  narrow: t.decimal(10, 2),
  wide: t.decimal(38, 14),
  bytes: t.bytes,
  day: t.date,
  at: t.timestamp.nullable,
  local: t.datetime,
  color: t.oneOf('red', 'blue'),
})
const day = Date.UTC(2011, 0, 31)
const kinds = Array.from({ length: 24 }, (_, i) => ({
  id: i,
  bool: i % 2 === 0,
  int64: i % 5 === 0 ? null : i % 2 ? -9007199254740991 : i,
  big: i % 2 ? 2n ** 63n - 1n : -(2n ** 63n),
  float: [0.1, -2.5e-7, Number.NaN, Number.POSITIVE_INFINITY][i % 4] as number,
  narrow: [-0.05, 12345678.9, 0][i % 3] as number,
  wide: [0.1, -0.25][i % 2] as number,
  bytes: Uint8Array.from([255, i % 2, 0, 47]),
  day: day + (i % 2 ? 0 : -(2 ** 14) * 86_400_000),
  at: i % 7 === 0 ? null : day + (i % 3) + (i % 2 ? 0.25 : 0),
  local: -1 - (i % 2),
  color: (i % 2 ? 'red' : 'blue') as 'red' | 'blue',
}))
for (const column of Object.keys(Kinds.fields).filter(c => c !== 'id'))
  test(`a partition column of kind ${column} reads back exactly`, async () => {
    const output = join(folder.path, 'kinds', column)
    await write(Kinds, kinds, parquet(output, { partitionBy: [column] }))
    const { rows } = await runRows(p => ({ all: p.read(parquet(output, Kinds)) }))
    assert.deepEqual(byId(rows.all), kinds)
  })

test('several columns nest, under their written names; DuckDB reads dates as dates', async () => {
  const output = join(folder.path, 'nested')
  const s = schema({ id: t.int32, orderDay: t.date, shipTo: t.utf8, rest: t.utf8 })
  const rows = Array.from({ length: 60 }, (_, i) => ({
    id: i,
    orderDay: day + (i % 3) * 86_400_000,
    shipTo: ['FR', 'a/b'][i % 2] as string,
    rest: `r${i}`,
  }))
  const sink = parquet(output, {
    partitionBy: ['orderDay', 'shipTo'],
    sortBy: ['id'],
    names: 'snake_case',
  })
  await write(s, rows, sink)
  assert.deepEqual(filesIn(output).slice(0, 2), [
    'order_day=2011-01-31/ship_to=FR/part-00000.parquet',
    'order_day=2011-01-31/ship_to=a%2Fb/part-00000.parquet',
  ])
  const header = { order_day: 'orderDay', ship_to: 'shipTo' } as const
  const { rows: got } = await runRows(p => ({
    all: p.read(parquet(`${output}/**/*.parquet`, s, { header })),
    grouped: p
      .read(parquet(output, s, { header }))
      .filter(r => r.orderDay > day)
      .groupBy('shipTo')
      .aggregate(g => ({ n: g.count() })),
  }))
  assert.deepEqual(byId(got.all), rows)
  assert.deepEqual(
    got.grouped.toSorted((a, b) => (a.shipTo < b.shipTo ? -1 : 1)),
    [
      { shipTo: 'FR', n: 20 },
      { shipTo: 'a/b', n: 20 },
    ],
  )
  const found = await duck(
    `SELECT typeof(order_day), ship_to, count(*)::INTEGER, bool_and(ordered) FROM (
       SELECT *, id > lag(id, 1, -1) OVER (PARTITION BY filename ORDER BY file_row_number) AS ordered
       FROM read_parquet('${output}/**/*.parquet', hive_partitioning = true, filename = true, file_row_number = true))
     GROUP BY ALL ORDER BY 2`,
  )
  assert.deepEqual(found, [
    ['DATE', 'FR', 30, true],
    ['DATE', 'a/b', 30, true],
  ])
})

test('text formats read the folder column too, beside their own options', async () => {
  const s = schema({ id: t.int32, at: t.timestamp, k: t.utf8 })
  const rows = [{ id: 1, at: day, k: 'x' }]
  const output = join(folder.path, 'options')
  await write(s, rows, csv(output, { partitionBy: ['k'], delimiter: ';' }))
  const { rows: got } = await runRows(p => ({
    all: p.read(csv(output, s, { delimiter: ';', header: { at: 'at', k: 'k' } })),
  }))
  assert.deepEqual(got.all, rows)
})

test('a value too long for a folder, and folders that do not fit, are faults that say so', async () => {
  const output = join(folder.path, 'long')
  const definition = pipeline({
    name: 'long',
    build(p) {
      p.create(Key, [{ k: 'é'.repeat(200), id: 1 }]).write(parquet(output, { partitionBy: ['k'] }))
    },
  })
  const { error } = await runPipeline({ pipeline: definition })
  assert.equal(error?.kind, 'data')
  assert.match(error?.message ?? '', /a value of "k" makes a folder's name of 402 bytes, 255/)
  const Number_ = schema({ k: t.int32, id: t.int32 })
  await assert.rejects(
    async () => parquet(join(folder.path, 'parquet/awkward'), Number_).plan({ splitBytes: 1e9 }),
    (e: unknown) =>
      e instanceof Fault && /folder of column "k": expected int32, got/.test(e.message),
  )
  const uneven = folderOf({ 'a.csv': 'k,id\nx,1\n' })
  await write(Key, awkward.slice(0, 3), csv(join(uneven.path, 'k=1'), {}))
  await assert.rejects(
    async () => csv(uneven.path, Key).plan({ splitBytes: 1e9 }),
    (e: unknown) => e instanceof Fault && /folders of different columns/.test(e.message),
  )
  uneven.remove()
})
