/** The retail pipeline against the generator's known answer, and against DuckDB on the real file where it is. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { runPipeline } from '../../engine/run/run.ts'
import { expectedRetail, generateRetail } from './generate/index.ts'

const pipeline = fileURLToPath(new URL('./pipeline.ts', import.meta.url))
const real = fileURLToPath(
  new URL('../../../shared/data/online_retail/online_retail.csv.gz', import.meta.url),
)
const folder = mkdtempSync(join(tmpdir(), 'millrace-retail-'))
after(() => rmSync(folder, { recursive: true, force: true }))

async function run(input: string, output: string) {
  const report = await runPipeline({
    pipeline,
    params: { input, output },
    workers: 2,
    scratch: folder,
  })
  assert.equal(report.status, 'done', JSON.stringify(report.error))
  const dropped = Object.fromEntries(report.dropped.map(d => [d.reason, d.rows]))
  return { report, dropped }
}

async function ask(sql: string, database = ':memory:'): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(database)
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(sql)).getRows() as unknown[][]
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

const thousandths = (n: bigint): string => `${n / 1000n}.${String(n % 1000n).padStart(3, '0')}`

test('generated rows: every output is what the generator knows', async () => {
  const rows = 60_000
  await generateRetail({ rows, files: 5, seed: 11, folder: join(folder, 'in') })
  const known = expectedRetail({ rows, seed: 11 })
  const output = join(folder, 'out')
  const { report, dropped } = await run(join(folder, 'in/*.csv'), output)
  const { counts } = known
  assert.equal(report.rows.read, counts.read)
  assert.equal(report.rows.rejected, counts.rejected)
  assert.equal(dropped['cancelled'], counts.afterNulls - counts.afterQuantity)
  assert.equal(dropped['no price'], counts.afterQuantity - counts.afterPrice)
  const rejects = readFileSync(join(output, 'rejects/part-00000.ndjson'), 'utf8').trim().split('\n')
  assert.equal(rejects.length, counts.rejected)
  const warehouse = join(output, 'retail.duckdb')
  const byMonth = await ask(
    `SELECT country, strftime("month", '%Y-%m'), revenue::VARCHAR, orders::INTEGER, lines::INTEGER FROM revenue_by_country_month ORDER BY ALL`,
    warehouse,
  )
  assert.deepEqual(
    byMonth,
    known.revenueByCountryMonth
      .map(r => [r.country, r.month, thousandths(r.revenue), r.orders, r.lines])
      .sort((a, b) => (`${a[0]}|${a[1]}` < `${b[0]}|${b[1]}` ? -1 : 1)),
  )
  const byDay = await ask(
    `SELECT strftime("day", '%Y-%m-%d'), revenue::VARCHAR, orders::INTEGER, lines::INTEGER FROM revenue_by_day ORDER BY 1`,
    warehouse,
  )
  assert.deepEqual(
    byDay,
    known.revenueByDay.map(r => [r.day, thousandths(r.revenue), r.orders, r.lines]),
  )
  const top = await ask(
    `SELECT strftime("month", '%Y-%m'), rank, stock_code, revenue::VARCHAR, quantity::INTEGER FROM top_products ORDER BY 1, 2`,
    warehouse,
  )
  const expectedTop = known.topProducts.map(r => [
    r.month,
    r.rank,
    r.stockCode,
    thousandths(r.revenue),
    Number(r.quantity),
  ])
  assert.deepEqual(
    top.map(([month, rank, , revenue]) => [month, rank, revenue]),
    expectedTop.map(([month, rank, , revenue]) => [month, rank, revenue]),
  )
  // Products of equal revenue may stand in another order: sums have no place in the source.
  const tied = (row: unknown[]) =>
    expectedTop.filter(r => r[0] === row[0] && r[3] === row[3]).length > 1
  const untied = (rows: unknown[][]) => rows.filter(r => !tied(r) && r[1] !== 20)
  assert.ok(untied(expectedTop).length > 200)
  assert.deepEqual(untied(top), untied(expectedTop))
  const [files] = await ask(
    `SELECT count(*)::INTEGER, sum(revenue)::VARCHAR FROM read_parquet('${output}/sales/**/*.parquet', hive_partitioning = true)`,
  )
  assert.deepEqual(files, [counts.sales, thousandths(known.revenue)])
})

test('the real file keeps 541,909 → 406,829 → 397,924 → 397,884 → 392,692 rows', {
  skip: existsSync(real) ? false : 'the file is not here',
}, async () => {
  const output = join(folder, 'real')
  const { report, dropped } = await run(real, output)
  assert.equal(report.rows.read, 541_909)
  assert.equal(report.rows.rejected, 0)
  const nulls = report.dropped.find(d => d.step.startsWith('dropNulls'))
  assert.equal(541_909 - (nulls?.rows ?? 0), 406_829)
  assert.equal(406_829 - (dropped['cancelled'] ?? 0), 397_924)
  assert.equal(397_924 - (dropped['no price'] ?? 0), 397_884)
  const csv = `(SELECT DISTINCT * FROM read_csv('${real}', columns={InvoiceNo:'VARCHAR',StockCode:'VARCHAR',Description:'VARCHAR',Quantity:'INTEGER',InvoiceDate:'TIMESTAMP',UnitPrice:'DECIMAL(10,3)',CustomerID:'DOUBLE',Country:'VARCHAR'}, header=true) WHERE CustomerID IS NOT NULL AND Quantity > 0 AND UnitPrice > 0)`
  const expected = await ask(
    `SELECT Country, strftime(InvoiceDate, '%Y-%m'), sum(Quantity * UnitPrice)::DECIMAL(24,3)::VARCHAR, count(DISTINCT InvoiceNo)::INTEGER, count(*)::INTEGER FROM ${csv} GROUP BY 1, 2 ORDER BY 1, 2`,
  )
  const actual = await ask(
    `SELECT country, strftime("month", '%Y-%m'), revenue::VARCHAR, orders::INTEGER, lines::INTEGER FROM revenue_by_country_month ORDER BY 1, 2`,
    join(output, 'retail.duckdb'),
  )
  assert.deepEqual(actual, expected)
  const [sales] = await ask(`SELECT count(*)::INTEGER FROM sales`, join(output, 'retail.duckdb'))
  assert.deepEqual(sales, [392_692])
})
