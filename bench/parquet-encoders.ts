/**
 * One million retail-like rows × 8 columns to a zstd Parquet file on one thread: our encoder, Arrow's
 * Rust writer (parquet-wasm) and DuckDB's COPY; then reading our file back. Rows are in memory before
 * the clock starts, in each one's own layout. `node --conditions=millrace-source bench/parquet-encoders.ts`
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import {
  Compression,
  readParquet,
  Table as WasmTable,
  WriterPropertiesBuilder,
  writeParquet,
} from 'parquet-wasm/node'
import { type Batch, dense } from '../engine/data/batch.ts'
import { newColumn } from '../engine/data/column.ts'
import { Pool } from '../engine/data/pool.ts'
import { schema, t } from '../engine/data/schema.ts'
import { parquetFragment } from '../transforms/io/parquet/fragment.ts'
import { ParquetFiles } from '../transforms/io/parquet/source.ts'

const Line = schema({
  invoiceNo: t.utf8,
  stockCode: t.utf8,
  description: t.utf8,
  quantity: t.int32,
  invoiceDate: t.timestamp,
  unitPrice: t.decimal(10, 3),
  customerId: t.int32.nullable,
  country: t.utf8,
})
const ROWS = 1_000_000
const BATCH = 16_384
const ROUNDS = 9

let seed = 0x12345678
const random = (): number => {
  seed ^= seed << 13
  seed ^= seed >>> 17
  seed ^= seed << 5
  return (seed >>> 0) / 4294967296
}
const below = (n: number): number => Math.floor(random() * n)
const COUNTRIES = 'United Kingdom,Germany,France,EIRE,Spain,Netherlands,Belgium,Portugal'.split(',')
const WORDS = 'WHITE,METAL,LANTERN,HEART,T-LIGHT,HOLDER,CREAM,CUPID,HANGER,RED,BAG,JUMBO'.split(',')
const PRODUCTS = Array.from({ length: 4000 }, () =>
  Array.from({ length: 3 + below(3) }, () => WORDS[below(WORDS.length)]).join(' '),
)

function batches(): Batch[] {
  const pools = Line.list.map(() => new Pool(true))
  const made: Batch[] = []
  for (let at = 0; at < ROWS; at += BATCH) {
    const rows = Math.min(BATCH, ROWS - at)
    const columns = Line.list.map(({ kind }, j) => newColumn(kind, rows, pools[j]))
    const put = (j: number, i: number, value: number | string): void => {
      const column = columns[j] as (typeof columns)[0]
      column.values[i] =
        typeof value === 'string' ? (column.pool as Pool).internString(value) : value
    }
    for (let i = 0; i < rows; i++) {
      const product = below(4000)
      const odd = random()
      put(0, i, `${odd < 0.02 ? 'C' : ''}${536365 + Math.floor((at + i) / 20)}`)
      put(1, i, String(10000 + product))
      put(2, i, PRODUCTS[product] as string)
      put(3, i, odd < 0.02 ? -1 - below(10) : 1 + below(48))
      put(4, i, Math.floor((1291000000000 + (at + i) * 8000) / 60000) * 60e6)
      put(5, i, Math.round((0.1 + random() * 15) * 100) * 10)
      if (odd <= 0.94) {
        put(6, i, 12346 + below(6000))
        ;(columns[6]?.valid as Uint8Array)[i] = 1
      }
      put(7, i, COUNTRIES[Math.floor(random() * random() * 8)] as string)
    }
    made.push(dense(Line, columns, rows))
  }
  return made
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
const at = (name: string): string => join(folder, `${name}.parquet`)
const input = batches()

function ours(): void {
  const writer = parquetFragment(at('millrace'), Line)
  for (const batch of input) void writer.write(batch)
  void writer.close()
}

const zstd = () => new WriterPropertiesBuilder().setCompression(Compression.ZSTD).build()

ours()
const wasmIpc = readParquet(readFileSync(at('millrace'))).intoIPCStream()
const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
const duckdb = await instance.connect()
await duckdb.run(`CREATE TABLE line AS FROM '${at('millrace')}'`)
const copy = (): Promise<unknown> =>
  duckdb.run(`COPY line TO '${at('duckdb')}' (FORMAT parquet, COMPRESSION zstd)`)

async function read(path: string, columns = Line.list.length): Promise<number> {
  const source = new ParquetFiles(path, Line, {})
  let rows = 0
  for (const split of (await source.plan({ splitBytes: 1e9 })).splits) {
    const wanted = Line.list.map((_, i) => i < columns)
    const reader = source.open(split, { wanted, rowsPerBatch: BATCH, reject() {}, advance() {} })
    for (let b = reader.next(); b !== null; b = reader.next()) rows += b.selected
    reader.close()
  }
  return rows
}

const contestants: { readonly [name: string]: () => unknown } = {
  millrace: ours,
  // Writing frees the table, so each round has one of its own; making it is timed apart and taken off.
  'parquet-wasm': () =>
    writeFileSync(at('parquet-wasm'), writeParquet(WasmTable.fromIPCStream(wasmIpc), zstd())),
  'parquet-wasm, table only': () => WasmTable.fromIPCStream(wasmIpc).free(),
  duckdb: copy,
  'millrace reads its file': () => read(at('millrace')),
  'millrace reads DuckDB’s file': () => read(at('duckdb')),
  'duckdb reads our file': () =>
    duckdb.run(
      `SELECT max(invoiceNo), max(stockCode), max(description), max(quantity), max(invoiceDate), max(unitPrice), max(customerId), max(country) FROM '${at('millrace')}'`,
    ),
}
const times = new Map(Object.keys(contestants).map(name => [name, [] as number[]]))
for (let round = 0; round < ROUNDS; round++)
  for (const [name, run] of Object.entries(contestants)) {
    const start = performance.now()
    await run()
    times.get(name)?.push(performance.now() - start)
  }
for (const [name, list] of times) {
  const sorted = list.toSorted((a, b) => a - b)
  const size =
    name in { millrace: 1, 'parquet-wasm': 1, duckdb: 1 } ? statSync(at(name)).size : null
  const [least, median] = [sorted[0], sorted[ROUNDS >> 1]].map(ms =>
    ((ms as number) / 1000).toFixed(3),
  )
  console.log(
    `${name}: median ${median} s, least ${least} s${size ? `, ${(size / 1e6).toFixed(2)} MB` : ''}`,
  )
}
const same = await duckdb.runAndReadAll(
  `SELECT count(*)::INTEGER FROM (FROM '${at('millrace')}' EXCEPT ALL FROM '${at('duckdb')}')`,
)
console.log(
  'rows that differ:',
  String(same.getRows()[0]?.[0]),
  '; rows read:',
  await read(at('millrace')),
)
duckdb.closeSync()
rmSync(folder, { recursive: true })
