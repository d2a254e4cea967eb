/** What goes wrong with a database, each as a fault that says what the server answered and what to do, and no password. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import type { Fault, FaultKind } from '../../../engine/fault.ts'
import { needs, serverOf, start } from '../../../test/services/services.ts'
import { table } from '../table/index.ts'
import { checkPostgres } from './check.ts'
import { databaseOf, readTable } from '../../../test/postgres/database.ts'
import { openWarehouse } from './warehouse.ts'

const S = schema({ id: t.int32 })
const limits = { memoryBytes: 256e6, threads: 2, tempDirectory: '/nowhere' }

async function refused(work: Promise<unknown>, kind: FaultKind, text: RegExp): Promise<void> {
  await assert.rejects(work, (fault: Fault) => {
    assert.equal(fault.kind, kind, fault.message)
    assert.match(fault.render(), text)
    assert.doesNotMatch(fault.render(), /hunter2/)
    return true
  })
}
const at = (uri: string, o: { user?: string; password?: string; path?: string }): string => {
  const url = new URL(uri)
  if (o.user) url.username = o.user
  if (o.password) url.password = o.password
  if (o.path) url.pathname = o.path
  return String(url)
}

test('a wrong password, database, host or user', async c => {
  if (!needs(c, 'postgres')) return
  const { folder } = await serverOf('postgres')
  const { uri, run } = await databaseOf(c)
  await run(
    "CREATE ROLE locked LOGIN PASSWORD 'right'; CREATE TABLE x (id int NOT NULL); GRANT SELECT ON x TO locked",
  )
  const rules = join(folder, 'pg_hba.conf')
  writeFileSync(rules, `host all locked 127.0.0.1/32 scram-sha-256\n${readFileSync(rules, 'utf8')}`)
  await run('SELECT pg_reload_conf()')
  const read = (o: Parameters<typeof at>[1]) => readTable(at(uri, o), 'x', S)
  await refused(
    read({ user: 'locked', password: 'hunter2' }),
    'resource',
    /\*\*\*@127[\s\S]*password authentication failed[\s\S]*28P01[\s\S]*PGPASSWORD/,
  )
  assert.equal((await read({ user: 'locked', password: 'right' })).rows.length, 0)
  const source = table(at(uri, { user: 'locked', password: 'hunter2' }), 'x', S)
  assert.doesNotMatch(
    JSON.stringify([source.uri, source.fingerprint, source.markName]),
    /hunter2|locked/,
  )
  await refused(
    read({ path: '/nowhere' }),
    'resource',
    /database "nowhere" does not exist[\s\S]*3D000/,
  )
  await refused(read({ user: 'nobody' }), 'resource', /role "nobody" does not exist/)
  const locked = openWarehouse(at(uri, { user: 'locked', password: 'right' }), limits)
  c.after(() => locked.close())
  await refused(locked.check(), 'resource', /permission denied[\s\S]*42501/)
  const report = await checkPostgres(at(uri, { user: 'locked', password: 'right' }))
  assert.deepEqual(
    report.missing.map(m => m.what),
    ['make the schema millrace_staging', 'make a table in the first schema of the search path'],
  )
  assert.ok(report.passed.includes('connect'))
})

test('nobody listens; a server that never answers', async c => {
  if (!needs(c, 'postgres')) return
  const silent = createServer(socket => socket.resume())
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as { port: number }
  c.after(() => silent.close())
  const started = Date.now()
  await refused(
    readTable(`postgres://me:hunter2@127.0.0.1:${port}/x?connect_timeout=1`, 'x', S),
    'resource',
    /cannot be connected to: timeout/,
  )
  assert.ok(Date.now() - started < 20_000)
  silent.close()
  await refused(
    readTable(`postgres://me:hunter2@127.0.0.1:1/x`, 'x', S),
    'resource',
    /ECONNREFUSED[\s\S]*no server listens there/,
  )
})

test('no table, no column, another type, no right', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run(
    'CREATE SCHEMA shop; CREATE TABLE shop.orders (id int8, at timestamp, price numeric, tags text[]); CREATE ROLE guest_refused LOGIN; GRANT USAGE ON SCHEMA shop TO guest_refused',
  )
  await refused(
    readTable(uri, 'shop.order', S),
    'data',
    /has no table shop\.order\n[\s\S]*have {2}shop\.orders[\s\S]*did you mean "shop\.orders"/,
  )
  await refused(readTable(uri, 'orders', S), 'data', /has no table orders/)
  const other = schema({
    id: t.utf8,
    at: t.timestamp,
    price: t.int32,
    tags: t.utf8,
    missing: t.bool,
  })
  await refused(
    readTable(uri, 'shop.orders', other),
    'data',
    /id: expected utf8, the table has bigint\n {2}at: expected timestamp, the table has timestamp without time zone\n {2}price: expected int32, the table has numeric\n {2}tags: expected utf8, the table has text\[\]\n {2}missing: expected bool, the table has no such column/,
  )
  await refused(
    readTable(at(uri, { user: 'guest_refused' }), 'shop.orders', S),
    'resource',
    /may not be read[\s\S]*no SELECT[\s\S]*GRANT/,
  )
  await refused(
    readTable(uri, 'shop.orders', schema({ id: t.int64.nullable }), { splitBy: 'tags' }),
    'pipeline',
    /splitBy column "tags" is text\[\]/,
  )
})

test('an address that is none', () => {
  const warehouse = (uri: string) => () => openWarehouse(uri, limits)
  const fault = (text: RegExp) => (f: Fault) =>
    f.kind === 'pipeline' && text.test(f.render()) && !/hunter2/.test(f.render())
  assert.throws(
    warehouse('postgres://me:hunter2@host/db?sslmode=maybe'),
    fault(/sslmode "maybe"[\s\S]*verify-full/),
  )
  assert.throws(
    warehouse('postgres://me:hunter2@host/db?password=hunter2'),
    fault(/option "password"/),
  )
  assert.throws(warehouse('postgres://me:hunter2@host:port/db'), fault(/is no address/))
  assert.throws(
    warehouse('postgres://me:hunter2@host/db?connect_timeout=soon'),
    fault(/connect_timeout/),
  )
})

test('a server that is stopped while it is read', async c => {
  if (!needs(c, 'postgres')) return
  const server = await start('postgres')
  c.after(() => server.stop())
  const { default: pg } = await import('pg')
  const client = new pg.Client(server.uri)
  client.on('error', () => {})
  await client.connect()
  await client.query(
    "CREATE TABLE x AS SELECT i AS id, repeat('x', 1000) AS s FROM generate_series(1, 100000) i",
  )
  await client.end()
  const source = table(server.uri, 'x', schema({ id: t.int32.nullable, s: t.utf8.nullable }))
  const { splits } = await source.plan({ splitBytes: 2 ** 30 })
  const reader = await source.open(splits[0] as (typeof splits)[0], {
    wanted: [true, true],
    rowsPerBatch: 100,
    reject: () => {},
    advance: () => {},
  })
  assert.ok(await reader.next())
  await server.stop()
  const rest = (async () => {
    while ((await reader.next()) !== null);
  })()
  await refused(rest, 'resource', /cannot be read on: [\s\S]*said {2}(?:postgres|the connection)/)
  await reader.close()
  await source.release?.()
})
