/**
 * The same columns written by us and by DuckDB as zstd Parquet, one shape of data after the other: bytes
 * in the file, and what DuckDB takes to read each. Times are CPU seconds of one thread, the least of the
 * rounds, which take turns. Before anything is timed, DuckDB finds the same rows in both files.
 *
 *     node --conditions=millrace-source bench/parquet-shapes.ts [--rows N] [--rounds N] [--input FILES]
 *
 * `--input`: Parquet files of case (i), whose eight retail columns are measured too.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import type { AnySchema } from '../engine/data/schema.ts'
import { schema, t } from '../engine/data/schema.ts'
import { parquetFragment } from '../transforms/io/parquet/fragment.ts'
import { ParquetFiles } from '../transforms/io/parquet/source.ts'

const { values: given } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '9' },
    input: { type: 'string' },
  },
})
const ROWS = Number(given.rows)

const Shapes = schema({
  uuid: t.utf8.nullable,
  url: t.utf8.nullable,
  words: t.utf8.nullable,
  sortedText: t.utf8.nullable,
  id: t.int64.nullable,
  shuffledId: t.int64.nullable,
  small: t.int32.nullable,
  sortedSmall: t.int32.nullable,
  nearlyAllNull: t.int32.nullable,
  halfNull: t.utf8.nullable,
  noise: t.float64.nullable,
  price: t.float64.nullable,
  reading: t.float32.nullable,
  steadyTime: t.timestamp.nullable,
  shuffledTime: t.timestamp.nullable,
  coarseTime: t.timestamp.nullable,
  money: t.decimal(12, 2).nullable,
  wideMoney: t.decimal(30, 4).nullable,
  day: t.date.nullable,
  flag: t.bool.nullable,
})
const SHAPES = `SELECT md5(i::VARCHAR) AS uuid,
  'https://example.com/' || (h % 997) || '/item/' || (h % 400000) AS url,
  (['red', 'blue', 'green', 'lantern', 'heart'])[1 + h % 5] || ' ' || (h % 3000) AS words,
  'C' || lpad((i // 7)::VARCHAR, 9, '0') AS sortedText,
  i AS id, (h % 9000000000)::BIGINT AS shuffledId,
  (h % 48)::INTEGER AS small, (i // 20000)::INTEGER AS sortedSmall,
  CASE WHEN h % 50 = 0 THEN (h % 1000)::INTEGER END AS nearlyAllNull,
  CASE WHEN h % 2 = 0 THEN 'note ' || (h % 5000) END AS halfNull,
  (h % 1000000007) / 1000000007.0 AS noise, (h % 5000) / 100.0::DOUBLE AS price,
  (h % 100000 / 7.0)::FLOAT AS reading,
  make_timestamp(1600000000000000 + i * 1000000 + (h % 900000)::BIGINT)::TIMESTAMPTZ AS steadyTime,
  make_timestamp(1600000000000000 + (h % 31536000000000)::BIGINT)::TIMESTAMPTZ AS shuffledTime,
  make_timestamp(1600000000000000 + i // 20 * 60000000)::TIMESTAMPTZ AS coarseTime,
  ((h % 2000000) / 100.0)::DECIMAL(12, 2) AS money, ((h % 2000000000) / 10000.0)::DECIMAL(30, 4) AS wideMoney,
  DATE '2020-01-01' + (h % 700)::INTEGER AS day, h % 3 = 0 AS flag
  FROM (SELECT i, (hash(i) >> 1)::BIGINT AS h FROM range(${ROWS}) r(i))`

const Retail = schema({
  InvoiceNo: t.utf8.nullable,
  StockCode: t.utf8.nullable,
  Description: t.utf8.nullable,
  Quantity: t.int32.nullable,
  InvoiceDate: t.datetime.nullable,
  UnitPrice: t.decimal(10, 3).nullable,
  CustomerID: t.int32.nullable,
  Country: t.utf8.nullable,
})

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
const duckdb = await instance.connect()
const rowsOf = async (sql: string): Promise<unknown[][]> =>
  (await duckdb.runAndReadAll(sql)).getRows()

/** Both files of a query's rows. */
async function files(
  name: string,
  s: AnySchema,
  sql: string,
): Promise<[ours: string, theirs: string]> {
  const [ours, theirs] = [
    join(folder, `${name}-millrace.parquet`),
    join(folder, `${name}-duckdb.parquet`),
  ]
  await duckdb.run(`COPY (${sql}) TO '${theirs}' (FORMAT parquet, COMPRESSION zstd)`)
  const source = new ParquetFiles(theirs, s, {})
  const writer = parquetFragment(ours, s)
  for (const split of (await source.plan({ splitBytes: 1e12 })).splits) {
    const wanted = s.list.map(() => true)
    const reader = source.open(split, { wanted, rowsPerBatch: 16_384, reject() {}, advance() {} })
    for (let batch = reader.next(); batch !== null; batch = reader.next()) writer.write(batch)
    reader.close()
  }
  await writer.close()
  for (const [a, b] of [
    [ours, theirs],
    [theirs, ours],
  ] as const) {
    const [row] = await rowsOf(`SELECT count(*)::INTEGER FROM (FROM '${a}' EXCEPT ALL FROM '${b}')`)
    if (row?.[0] !== 0) throw new Error(`${name}: other rows`)
  }
  return [ours, theirs]
}

/** CPU milliseconds of one read of a column. */
async function reading(path: string, column: string): Promise<number> {
  const before = process.cpuUsage()
  await duckdb.run(`SELECT last(${column}) FROM '${path}'`)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

async function sizesOf(path: string): Promise<Map<string, { bytes: number; encodings: string }>> {
  const found = await rowsOf(
    `SELECT path_in_schema, sum(total_compressed_size)::DOUBLE, max(encodings) FROM parquet_metadata('${path}') GROUP BY 1`,
  )
  return new Map(
    found.map(([name, bytes, encodings]) => [
      String(name),
      { bytes: Number(bytes), encodings: String(encodings) },
    ]),
  )
}

async function compare(name: string, s: AnySchema, sql: string): Promise<void> {
  const pair = await files(name, s, sql)
  const [mine, other] = await Promise.all(pair.map(sizesOf))
  const [totals, times] = [
    [0, 0],
    [0, 0],
  ] as [number[], number[]]
  for (const { name: column } of s.list) {
    const least = [Infinity, Infinity]
    for (let round = 0; round < Number(given.rounds); round++)
      for (const [i, path] of pair.entries())
        least[i] = Math.min(least[i] as number, await reading(path, column))
    const sizes = [mine, other].map(m => m?.get(column)?.bytes ?? 0)
    for (const i of [0, 1]) {
      totals[i] = (totals[i] as number) + (sizes[i] as number)
      times[i] = (times[i] as number) + (least[i] as number)
    }
    print(column, sizes, least, mine?.get(column)?.encodings ?? '')
  }
  print(`**${name}, all**`, totals, times, '')
}

function print(
  name: string,
  sizes: readonly number[],
  times: readonly number[],
  how: string,
): void {
  const [mine = 0, theirs = 0] = sizes
  const [read = 0, readTheirs = 0] = times
  const ratio = [(mine / theirs).toFixed(2), (read / readTheirs).toFixed(2)]
  const figures = [mine / 1000, theirs / 1000].map(n => n.toFixed(0))
  const ms = [read, readTheirs].map(n => n.toFixed(1))
  const encodings = how
    .split(', ')
    .filter(e => e !== 'RLE')
    .join(', ')
  console.log(`| ${[name, ...figures, ratio[0], ...ms, ratio[1], encodings].join(' | ')} |`)
}

console.log(
  '| column | our KB | DuckDB’s KB | ratio | DuckDB reads ours, ms | its own, ms | ratio | our encodings |',
)
console.log('|---|---|---|---|---|---|---|---|')
await compare('shapes', Shapes as AnySchema, SHAPES)
if (given.input) await compare('retail', Retail as AnySchema, `FROM '${given.input}'`)
duckdb.closeSync()
rmSync(folder, { recursive: true })
