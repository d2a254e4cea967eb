/** Some hours of the shop, from files into the embedded warehouse: each hour's tables are as the generator knows them. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { LedgerFolder } from '../../engine/run/ledger/folder.ts'
import { runPipeline } from '../../engine/run/run.ts'
import { answerAfter, differences, HOUR, shopOf, writeHour } from './generate/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-storefront-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const pipeline = fileURLToPath(new URL('./pipeline.ts', import.meta.url))
const shop = shopOf(400)

async function runHour(hour: number, o: { again?: boolean } = {}) {
  const start = shop.opened + hour * HOUR
  return runPipeline({
    pipeline,
    params: {
      shop: join(folder, 'shop'),
      files: join(folder, 'files'),
      warehouse: `duckdb:${join(folder, 'shop.duckdb')}`,
      rejects: join(folder, 'rejects'),
    },
    interval: start,
    ledger: new LedgerFolder(join(folder, 'ledger')),
    workers: 2,
    ...o,
  })
}

async function check(hour: number): Promise<void> {
  const instance = await DuckDBInstance.create(join(folder, 'shop.duckdb'), {
    access_mode: 'READ_ONLY',
  })
  const connection = await instance.connect()
  const query = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjects()
  assert.deepEqual(await differences(answerAfter(shop, hour), query), [])
  connection.closeSync()
  instance.closeSync()
}

test('hour after hour the tables are as they must be', async () => {
  for (let hour = 0; hour < 5; hour++) {
    writeHour(shop, hour, folder)
    const report = await runHour(hour)
    assert.equal(report.status, 'done', JSON.stringify(report.error))
    await check(hour)
  }
  const rejects = readdirSync(join(folder, 'rejects')).sort()
  assert.equal(rejects.length, 5)
  const [line] = readdirSync(join(folder, 'rejects', rejects[0] as string))
  const reject = JSON.parse(
    readFileSync(join(folder, 'rejects', rejects[0] as string, line as string), 'utf8'),
  )
  assert.match(reject.reason, /^lines\[0\]\.price: expected decimal\(10,2\), got "free"/)
})

test('an hour that is run again changes nothing', async () => {
  const report = await runHour(4, { again: true })
  assert.equal(report.status, 'done', JSON.stringify(report.error))
  await check(4)
})
