/** What cannot be read says what is wrong, and shows no secret. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MongoClient } from 'mongodb'
import { Fault } from '../../../engine/fault.ts'
import { homeOf } from '../../../test/services/services.ts'
import { folderFor, freePort, launch } from '../../../test/services/process.ts'
import { accepts } from '../../../test/services/server.ts'
import { checkMongo } from './check.ts'
import { mongo } from './index.ts'
import { host, OPTIONS, at, here, filled, N } from '../../../test/mongo/collections.ts'

async function faultOf(doing: Promise<unknown>): Promise<Fault> {
  const found = await doing.then(
    () => null,
    (error: unknown) => error,
  )
  assert.ok(found instanceof Fault, String(found))
  return found
}
const planned = (uri: string, o: object = {}) => mongo(uri, N, o).plan({ splitBytes: 1 << 20 })
const SECRET = 'p%40ssword123'

test('what is not there is said, with what is', async context => {
  if (!here(context)) return
  await filled('orders', [{ n: 1 }])
  const collection = await faultOf(planned(at('order')))
  assert.match(
    collection.render(),
    /^data: .*\/shop\/order: there is no collection "order"\n {2}have .*orders.*\n {2}hint {2}did you mean "orders"\?/,
  )
  const database = await faultOf(planned(`${host}/shopp/orders${OPTIONS}`))
  assert.match(
    database.render(),
    /there is no database "shopp"\n {2}have .*shop.*\n.*did you mean "shop"\?/,
  )
  const none = await planned(at('order'), { onMissing: 'empty' })
  assert.deepEqual(none.splits, [])
})

test('a host without a server, an unknown host, another replica set', async context => {
  if (!here(context)) return
  const port = await freePort()
  const fast = '&serverSelectionTimeoutMS=400'
  const nobody = `mongodb://u:${SECRET}@127.0.0.1:${port}/shop/orders${OPTIONS}${fast}`
  const refused = await faultOf(planned(nobody))
  assert.match(
    refused.render(),
    /no server of it was found\n.*answered(?:.|\n)*ECONNREFUSED(?:.|\n)*nothing listens there/,
  )
  const unknown = `mongodb://u:${SECRET}@no-such-host.invalid/shop/orders${OPTIONS}${fast}`
  assert.match((await faultOf(planned(unknown))).render(), /the host is not known/)
  const set = `${host}/shop/orders?replicaSet=other${fast}`
  assert.match((await faultOf(planned(set))).render(), /hint {2}check replicaSet/)
})

test('a wrong password, and a user without a role; the password is in no message', async context => {
  if (!here(context)) return
  const { uri, stop } = await guarded()
  context.after(stop)
  const as = (user: string, password: string, more = '') =>
    `mongodb://${user}:${password}@${uri}/shop/orders${OPTIONS}&authSource=admin${more}`
  assert.equal((await planned(as('reader', SECRET))).splits.length, 1)
  const wrong = await faultOf(planned(as('reader', 'not%40this')))
  assert.match(wrong.render(), /the user or the password was refused\n.*answered/)
  const without = await faultOf(planned(as('other', SECRET)))
  assert.match(without.render(), /may not read it\n(?:.|\n)*grantRolesToUser/)
  const none = await faultOf(planned(`mongodb://${uri}/shop/orders${OPTIONS}`))
  assert.match(none.render(), /may not read it|was refused/)
  for (const fault of [wrong, without, none])
    assert.doesNotMatch(fault.render(), /not%40this|not@this|p%40ssword|p@ssword/)
})

test('a check says what works, and what is missing', async context => {
  if (!here(context)) return
  await filled('orders', [{ n: 1 }])
  const good = await checkMongo(at('orders'))
  assert.deepEqual([good.system, good.missing, good.passed.length], ['MongoDB', [], 4])
  const index = await checkMongo(at('orders'), undefined, 'updatedAt')
  assert.match(index.missing[0]?.hint ?? '', /createIndex\(\{ "updatedAt": 1 \}\)/)
  const wrong = await checkMongo(at('order'))
  assert.match(wrong.missing[0]?.hint ?? '', /did you mean "orders"/)
  const database = await checkMongo(`${host}/shop${OPTIONS}`)
  assert.deepEqual([database.missing, database.passed.length], [[], 3])
  assert.equal(database.resource, `${host}/shop`)
  const absent = await checkMongo(`${host}/shopp/${OPTIONS}`)
  assert.match(absent.missing[0]?.hint ?? '', /did you mean "shop"/)
  const port = await freePort()
  const nobody = `mongodb://u:${SECRET}@127.0.0.1:${port}/shop/x${OPTIONS}&serverSelectionTimeoutMS=300`
  const none = await checkMongo(nobody)
  assert.deepEqual([none.passed, none.missing[0]?.what], [[], 'reach a server'])
  assert.doesNotMatch(JSON.stringify(none), /ssword/)
})

/** A server that wants passwords, with two users: one may read `shop`, the other nothing. */
async function guarded(): Promise<{ uri: string; stop(): Promise<void> }> {
  const data = mkdtempSync(join(tmpdir(), 'millrace-mongo-users-'))
  const port = await freePort()
  const server = (...more: string[]) => ({
    name: 'mongo',
    command: join(homeOf('mongo'), 'bin/secantusd-py'),
    args: ['--host', '127.0.0.1', '--port', `${port}`, '--storage-path', data, ...more],
    env: { PYTHONPATH: homeOf('mongo') },
    folder: folderFor('mongo'),
    signal: 'INT' as const,
    ready: () => accepts(port),
  })
  const open = await launch(server())
  const admin = await new MongoClient(`mongodb://127.0.0.1:${port}/${OPTIONS}`).connect()
  const pwd = decodeURIComponent(SECRET)
  const roles = [{ role: 'read', db: 'shop' }]
  await admin.db('admin').command({ createUser: 'reader', pwd, roles })
  await admin.db('admin').command({ createUser: 'other', pwd, roles: [] })
  await admin.db('shop').collection('orders').insertOne({ n: 1 })
  await admin.close()
  await open.stop()
  const closed = await launch(server('--auth'))
  const stop = async (): Promise<void> => {
    await closed.stop()
    rmSync(data, { recursive: true, force: true })
  }
  return { uri: `127.0.0.1:${port}`, stop }
}
