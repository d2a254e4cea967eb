/** A connection that breaks between staging and publishing: its lock is had again, and what it guarded is looked at. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { type Database, databaseOf } from '../../../test/postgres/database.ts'
import { loadOf } from '../../../test/postgres/loads.ts'
import { needs } from '../../../test/services/services.ts'
import { openWarehouse } from './warehouse.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-postgres-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const limits = { memoryBytes: 256e6, threads: 2, tempDirectory: join(folder, 'temp') }
const columns = [{ name: 'id', kind: t.int32 }]
const sales = (id: string, ...ids: number[]) =>
  loadOf(folder, { id, columns, shards: [ids.map(n => ({ id: n }))] })

/** Ends all other connections, as a server does that is restarted. */
const broken = ({ run }: Database) =>
  run(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  )
const stagedIn = async ({ run }: Database): Promise<string> => {
  const [row] = await run(
    "SELECT relname FROM pg_class WHERE relnamespace = 'millrace_staging'::regnamespace AND relkind = 'r' AND relname <> 'loads'",
  )
  return row?.['relname'] as string
}
const ids = async ({ run }: Database) =>
  (await run('SELECT id FROM sales ORDER BY id')).map(r => r['id']).join(' ')

/** Two sales of an empty database, staged and not published. */
async function staged(c: TestContext) {
  const database = await databaseOf(c)
  const w = openWarehouse(database.uri, limits)
  await w.check()
  const load = await sales('a', 1, 2)
  await w.stage(load)
  return { database, w, load }
}

test('what is staged still is published by another connection', async c => {
  if (!needs(c, 'postgres')) return
  const { database, w, load } = await staged(c)
  await broken(database)
  await w.publish([load])
  assert.equal(await ids(database), '1 2')
  await w.close()
})

test('an unlogged table that a crash of the server has emptied replaces nothing', async c => {
  if (!needs(c, 'postgres')) return
  const { database, w, load: first } = await staged(c)
  await w.publish([first])
  const next = await sales('b', 3, 4, 5)
  await w.stage(next)
  // As recovery leaves it.
  await database.run(`TRUNCATE millrace_staging."${await stagedIn(database)}"`)
  await broken(database)
  await assert.rejects(w.publish([next]), (error: unknown) => {
    assert.ok(error instanceof Fault)
    assert.match(error.render(), /what was staged for it is gone[\s\S]*0 of 3[\s\S]*run again/)
    return error.kind === 'resource'
  })
  assert.equal(await ids(database), '1 2')
  await w.stage(next)
  await w.publish([next])
  assert.equal(await ids(database), '3 4 5')
  await w.close()
})

test('while another run has the staging table nothing is published from it', async c => {
  if (!needs(c, 'postgres')) return
  const { database, w, load } = await staged(c)
  const name = await stagedIn(database)
  await broken(database)
  const lock = (what: string) =>
    database.run(`SELECT ${what}(hashtextextended($1, 1))`, [name]).then(() => undefined)
  await lock('pg_advisory_lock')
  let published = false
  const publishing = w.publish([load]).then(() => {
    published = true
  })
  await new Promise(resolve => setTimeout(resolve, 1500))
  assert.equal(published, false)
  await lock('pg_advisory_unlock')
  await publishing
  assert.equal(await ids(database), '1 2')
  await w.close()
})
