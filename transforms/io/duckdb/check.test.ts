/** `check` of a DuckDB file: what works, what is missing, and nothing left behind. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Fault } from '../../../engine/fault.ts'
import { checkDuckDb } from './check.ts'
import { limits, warehouseAt } from './sample.ts'
import { DuckDbWarehouse } from './warehouse.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-check-duckdb-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('a file that is there: opened, read, written to and left as it was', async () => {
  const path = join(folder, 'a.duckdb')
  const script = `import { DuckDBInstance } from '@duckdb/node-api'
    const i = await DuckDBInstance.create(process.argv[1]); const c = await i.connect()
    await c.run('CREATE TABLE t AS SELECT 1 AS a'); c.closeSync(); i.closeSync()`
  execFileSync(process.execPath, ['--input-type=module', '-e', script, path])
  const report = await checkDuckDb(`duckdb:${path}`)
  assert.deepEqual(report.passed, ['open the file', 'read its tables: 1', 'write to it'])
  assert.deepEqual(report.missing, [])
  assert.deepEqual((await checkDuckDb(`duckdb:${path}`)).passed[1], 'read its tables: 1')
})

test('a file that is not there yet is not made', async () => {
  const report = await checkDuckDb(`duckdb:${join(folder, 'sub', 'new.duckdb')}`)
  assert.match(report.passed.join(), /make it, as an output/)
  assert.deepEqual(report.missing, [])
  assert.deepEqual(
    readdirSync(folder).filter(name => name === 'sub'),
    [],
  )
})

test('a file of another kind is refused, by the warehouse too: what it wrote would be gone', async () => {
  const path = join(folder, 'lines.csv')
  writeFileSync(path, 'id\n1\n2\n')
  const { missing } = await checkDuckDb(`duckdb:${path}`)
  assert.match(missing[0]?.answered ?? '', /lines\.csv is no DuckDB file/)
  const warehouse = new DuckDbWarehouse(`duckdb:${path}`, limits(folder))
  await assert.rejects(warehouse.check(), error => {
    assert.ok(error instanceof Fault && error.kind === 'resource', String(error))
    return /is no DuckDB file/.test(error.message)
  })
  assert.equal(readFileSync(path, 'utf8'), 'id\n1\n2\n')
})

test('a file that another process holds', async () => {
  const path = join(folder, 'held.duckdb')
  const holder = await warehouseAt(path, folder)
  await holder.query('CREATE TABLE t AS SELECT 1 AS a')
  const script = `import { checkDuckDb } from ${JSON.stringify(new URL('check.ts', import.meta.url).href)}
    process.stdout.write(JSON.stringify(await checkDuckDb('duckdb:' + process.argv[1])))`
  const words = ['--conditions=millrace-source', '--input-type=module', '-e', script, path]
  const { missing } = JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' }))
  await holder.close()
  assert.equal(missing[0].what, 'open the file')
  assert.match(missing[0].answered, /held by another process \(pid \d+\)/)
})
