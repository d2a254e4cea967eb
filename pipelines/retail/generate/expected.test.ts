/** The generator's answer against DuckDB's, which sees nothing but the files. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { expectedRetail } from './expected.ts'
import { generateRetail } from './generate.ts'

const rows = 20_000
const seed = 11

// The steps of the pipeline, one table each; `n` is the row's number in the sheet.
const STEPS = `
  create table parsed as select n, InvoiceNo, StockCode, Description, Country,
    try_cast(Quantity as integer) quantity, try_cast(InvoiceDate as timestamp) sold,
    cast(try_cast(UnitPrice as decimal(10, 3)) * 1000 as bigint) price,
    cast(cast(CustomerID as double) as integer) customer from raw;
  create table accepted as from parsed
    where quantity is not null and sold is not null and price is not null;
  create table known as from accepted where customer is not null;
  create table bought as from known where quantity > 0;
  create table paid as from bought where price > 0;
  create table sales as select min(n) n, * exclude (n), quantity * price revenue,
    strftime(sold, '%Y-%m') as month, strftime(sold, '%Y-%m-%d') as day from paid group by all;`

const SUMS =
  'sum(revenue)::bigint revenue, count(distinct InvoiceNo)::int orders, count(*)::int as lines'
const TOP = `
  with products as (
    select month, StockCode, sum(revenue)::bigint revenue, sum(quantity)::int quantity,
    min(n) n
    from sales group by month, StockCode),
  ranked as (
    select *, row_number() over (partition by month order by revenue desc, n)::int as rank
    from products)
  select month, rank, StockCode "stockCode", revenue, quantity from ranked
  where rank <= 20 order by month, rank`

describe('expectedRetail', () => {
  let folder = ''
  let instance: DuckDBInstance
  let connection: DuckDBConnection
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-retail-'))
    const { files } = await generateRetail({ rows, files: 4, seed, folder })
    instance = await DuckDBInstance.create(':memory:')
    connection = await instance.connect()
    const columns =
      'InvoiceNo StockCode Description Quantity InvoiceDate UnitPrice CustomerID Country'.split(' ')
    await connection.run('create sequence place')
    const types = columns.map(name => `${name} varchar`).join()
    await connection.run(`create table raw (n bigint default nextval('place'), ${types})`)
    const dialect = `all_varchar = true, header = true, parallel = false,
      delim = ',', quote = '"', escape = '"'`
    // File after file, so that `n` follows the sheet and each file has its own line end.
    for (const file of files)
      await connection.run(
        `insert into raw (${columns.join()}) from read_csv('${file}', ${dialect})`,
      )
    await connection.run(STEPS)
  })
  after(async () => {
    connection.closeSync()
    instance.closeSync()
    await rm(folder, { recursive: true, force: true })
  })

  const query = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJS()
  const count = async (table: string) =>
    Number((await query(`select count(*) n from ${table}`))[0]?.n)
  const answer = expectedRetail({ rows, seed })

  it('counts as DuckDB does', async () => {
    assert.deepEqual(answer.counts, {
      read: await count('raw'),
      rejected: (await count('parsed')) - (await count('accepted')),
      afterNulls: await count('known'),
      afterQuantity: await count('bought'),
      afterPrice: await count('paid'),
      sales: await count('sales'),
    })
    assert.equal(answer.counts.read, rows)
    const steps = Object.values(answer.counts).toSpliced(1, 1)
    assert.ok(
      answer.counts.rejected > 0 && steps.every((n, i) => i === 0 || n < (steps[i - 1] as number)),
    )
  })

  it('sums as DuckDB does', async () => {
    const [total] = await query('select sum(revenue)::bigint revenue from sales')
    assert.equal(answer.revenue, total?.revenue)
    const byMonth = `select Country country, month, ${SUMS} from sales
      group by all order by country, month`
    assert.deepEqual(answer.revenueByCountryMonth, await query(byMonth))
    assert.deepEqual(
      answer.revenueByDay,
      await query(`select day, ${SUMS} from sales group by day order by day`),
    )
  })

  it('ranks as DuckDB does', async () => {
    assert.deepEqual(answer.topProducts, await query(TOP))
    assert.equal(answer.topProducts.length, 13 * 20)
  })

  it('finds nothing to drop where there is no mess', () => {
    const { counts } = expectedRetail({ rows, seed, mess: 'none' })
    const left = { afterNulls: rows, afterQuantity: rows, afterPrice: rows, sales: rows }
    assert.deepEqual(counts, { read: rows, rejected: 0, ...left })
  })

  it('has an answer for an empty sheet', () => {
    const empty = expectedRetail({ rows: 0, seed })
    assert.deepEqual([empty.counts.read, empty.revenue, empty.topProducts], [0, 0n, []])
  })
})
