/**
 * `npm run demo`: makes two million messy rows in eight files, runs the retail pipeline on them, loads
 * the embedded warehouse, checks the result against the generator's own answer, and shows it.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeRetail } from './generate.ts'
import { run } from './run.ts'
import { count, table } from './units.ts'

const ROWS = 2_000_000
const SEED = 7

/** Revenue by country, asked of the warehouse, beside what the generator knows it must be. */
async function showAnswer(output: string): Promise<void> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const { expectedRetail } = await import('../pipelines/retail/generate/index.ts')
  const instance = await DuckDBInstance.create(join(output, 'retail.duckdb'), {
    access_mode: 'READ_ONLY',
  })
  const connection = await instance.connect()
  const result = await connection.runAndReadAll(
    `SELECT country, sum(revenue)::VARCHAR AS revenue, sum(orders)::BIGINT AS orders, sum(lines)::BIGINT AS lines
     FROM revenue_by_country_month GROUP BY country ORDER BY sum(revenue) DESC`,
  )
  const rows = result.getRows()
  const shown = rows.map(r => [
    String(r[0]),
    money(String(r[1])),
    count(Number(r[2])),
    count(Number(r[3])),
  ])
  process.stdout.write(
    `\nrevenue by country (table revenue_by_country_month)\n${table(['country', 'revenue', 'orders', 'lines'], shown)}\n`,
  )
  connection.closeSync()
  const expected = await expectedRetail({ rows: ROWS, seed: SEED })
  let total = 0n
  for (const r of expected.revenueByCountryMonth) total += r.revenue
  const units = rows.reduce((sum, r) => sum + BigInt(String(r[1]).replace('.', '')), 0n)
  const equal = units === total
  process.stdout.write(
    `\n${equal ? 'as the generator knows it: ' : 'NOT what the generator knows: '}${money(fixed(total))} in ${count(expected.counts.sales)} lines\n`,
  )
  if (!equal) process.exitCode = 1
}

const fixed = (thousandths: bigint): string =>
  `${thousandths / 1000n}.${String(thousandths % 1000n).padStart(3, '0')}`

/** `1234567.890` → `1,234,567.890` */
const money = (text: string): string => text.replace(/\B(?=(\d{3})+(?=\.))/g, ',')

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-demo-'))
  const pipeline = relative(
    process.cwd(),
    fileURLToPath(new URL('../pipelines/retail/pipeline.ts', import.meta.url)),
  )
  const output = join(folder, 'out')
  process.stderr.write(`the demo's files lie in ${folder}\n`)
  await makeRetail({ rows: ROWS, files: 8, seed: SEED, folder: join(folder, 'in') })
  const argv = [pipeline, '--input', join(folder, 'in/*.csv'), '--output', output]
  process.stderr.write(`\n$ millrace run ${argv.join(' ')}\n\n`)
  process.exitCode = await run(argv)
  if (process.exitCode === 0) await showAnswer(output)
}

await main()
