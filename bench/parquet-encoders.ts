/**
 * Four million retail-like rows × 8 columns to a zstd Parquet file on one thread: our encoder, Arrow's
 * Rust writer (parquet-wasm) and DuckDB's COPY; then reading the files back. Rows are in memory before
 * the clock starts, in each one's own layout. Answers are compared before anything is timed.
 *
 *     node --conditions=millrace-source bench/parquet-encoders.ts [--rows N] [--rounds N]
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
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
const { values: given } = parseArgs({
  options: {
    rows: { type: 'string', default: '4000000' },
    rounds: { type: 'string', default: '7' },
  },
})
const ROWS = Number(given.rows)
const ROUNDS = Number(given.rounds)
const BATCH = 16_384

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

ours()
const wasmIpc = readParquet(readFileSync(at('millrace'))).intoIPCStream()
const zstd = () =>
  new WriterPropertiesBuilder()
    .setCompression(Compression.ZSTD)
    .setCreatedBy('parquet-wasm')
    .build()
const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
const duckdb = await instance.connect()
await duckdb.run(`CREATE TABLE line AS FROM '${at('millrace')}'`)

async function read(path: string): Promise<number> {
  const source = new ParquetFiles(path, Line, {})
  const wanted = Line.list.map(() => true)
  let rows = 0
  for (const split of (await source.plan({ splitBytes: 1e12 })).splits) {
    const reader = source.open(split, { wanted, rowsPerBatch: BATCH, reject() {}, advance() {} })
    for (let b = reader.next(); b !== null; b = reader.next()) rows += b.selected
    reader.close()
  }
  return rows
}

interface Contestant {
  /** Before the clock starts. */
  readonly prepare?: () => void
  readonly run: () => unknown
  /** The file that it leaves. */
  readonly file?: string
}
let table: WasmTable | null = null
const everyColumn = Line.list.map(f => `max(${f.name})`).join(', ')
const contestants: { readonly [name: string]: Contestant } = {
  'Millrace writes': { run: ours, file: 'millrace' },
  'parquet-wasm writes': {
    // Writing frees the table, so each round has one of its own.
    prepare: () => {
      table = WasmTable.fromIPCStream(wasmIpc)
    },
    run: () => writeFileSync(at('wasm'), writeParquet(table as WasmTable, zstd())),
    file: 'wasm',
  },
  'DuckDB writes': {
    run: () => duckdb.run(`COPY line TO '${at('duckdb')}' (FORMAT parquet, COMPRESSION zstd)`),
    file: 'duckdb',
  },
  'Millrace reads its file': { run: () => read(at('millrace')) },
  'Millrace reads DuckDB’s file': { run: () => read(at('duckdb')) },
  'DuckDB reads Millrace’s file': {
    run: () => duckdb.run(`SELECT ${everyColumn} FROM '${at('millrace')}'`),
  },
  'DuckDB reads its file': {
    run: () => duckdb.run(`SELECT ${everyColumn} FROM '${at('duckdb')}'`),
  },
}

/** Throws where a file does not hold the rows of DuckDB's table, each as often. */
async function checkAnswers(): Promise<void> {
  for (const { file } of Object.values(contestants)) {
    if (!file) continue
    for (const [a, b] of [
      [`'${at(file)}'`, 'line'],
      ['line', `'${at(file)}'`],
    ]) {
      const rest = await duckdb.runAndReadAll(
        `SELECT count(*)::INTEGER FROM (FROM ${a} EXCEPT ALL FROM ${b})`,
      )
      if (rest.getRows()[0]?.[0] !== 0) throw new Error(`${file}: other rows`)
    }
  }
  for (const file of ['millrace', 'duckdb'])
    if ((await read(at(file))) !== ROWS) throw new Error(`${file}: other rows when read`)
}

for (const { prepare, run } of Object.values(contestants)) {
  prepare?.()
  await run()
}
await checkAnswers()
const times = new Map(Object.keys(contestants).map(name => [name, [] as number[]]))
for (let round = 0; round < ROUNDS; round++)
  for (const [name, { prepare, run }] of Object.entries(contestants)) {
    prepare?.()
    const start = performance.now()
    await run()
    times.get(name)?.push(performance.now() - start)
  }
const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[list.length >> 1] as number
const own = median(times.get('Millrace writes') as number[])
console.log(`${ROWS} rows, ${ROUNDS} rounds, Node ${process.version}, ${cpus()[0]?.model}\n`)
console.log(
  '| | median s | least s | × Millrace writes | rows/s | file MB |\n|---|---|---|---|---|---|',
)
for (const [name, list] of times) {
  const { file } = contestants[name] as Contestant
  const middle = median(list)
  const figures = [
    (middle / 1000).toFixed(2),
    (Math.min(...list) / 1000).toFixed(2),
    (middle / own).toFixed(2),
    `${((ROWS / middle) * 1e-3).toFixed(1)} M`,
    file ? (statSync(at(file)).size / 1e6).toFixed(1) : '',
  ]
  console.log(`| ${name} | ${figures.join(' | ')} |`)
}
duckdb.closeSync()
rmSync(folder, { recursive: true })
