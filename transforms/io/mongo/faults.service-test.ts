/** Cursors that the server forgets, and a network that fails by seeds: the same rows each time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BSON, Long, MongoClient } from 'mongodb'
import { faultProxy } from '../../../test/services/fault-proxy/proxy.ts'
import { serverOf } from '../../../test/services/services.ts'
import { noLeaks } from '../../../test/services/leaks.ts'
import { addressOf } from './address.ts'
import { mongo } from './index.ts'
import { settingsOf } from './options.ts'
import { Pages } from './pages.ts'
import { readAll } from './testing/read-all.ts'
import {
  client,
  OPTIONS,
  at,
  here,
  filled,
  N,
  numbers,
  upTo,
} from '../../../test/mongo/collections.ts'

test('a cursor that the server forgot is taken up again: nothing twice, nothing lost', async context => {
  if (!here(context)) return
  const id = (n: number): unknown => (n % 2 ? `id ${String(n).padStart(5, '0')}` : n)
  await filled(
    'killed',
    upTo(2000).map(n => ({ _id: id(n), n, ...(n % 9 ? { by: new Date(n - (n % 7)) } : {}) })),
  )
  const each = ['_id', 'by'].flatMap(key => [true, false].map(direct => ({ key, direct })))
  for (const { key, direct } of each) {
    const { pages, kill, close } = await killablePages(key, direct)
    const found: unknown[] = []
    let killed = 0
    for (let page = await pages.next(); page !== null; page = await pages.next()) {
      for (let i = 0; i < page.count; i++)
        found.push(BSON.deserialize(page.bytes.subarray(page.starts[i], page.ends[i]))['n'])
      if (found.length % 300 < 50) killed += await kill()
    }
    await close()
    assert.deepEqual(
      found.toSorted((a, b) => Number(a) - Number(b)),
      upTo(2000),
      `${key} ${direct}`,
    )
    assert.ok(killed > 2 && pages.opened > killed, `${killed} were killed, ${pages.opened} opened`)
  }
})

/** Pages of `killed`, and what makes the server forget their cursor. */
async function killablePages(key: string, direct: boolean) {
  const { uri } = await serverOf('mongo')
  const watched = new MongoClient(uri, { monitorCommands: true })
  let cursor = 0n
  watched.on('commandSucceeded', ({ commandName, reply }) => {
    const raw = (reply as { cursor?: Uint8Array }).cursor
    if (commandName !== 'find' || !(raw instanceof Uint8Array)) return
    cursor = BSON.deserialize(raw, { useBigInt64: true })['id']
  })
  const lease = { driver: await import('mongodb'), client: watched, release() {} }
  const address = addressOf(at('killed'))
  const settings = settingsOf(N, {})
  const range = {
    key,
    lower: null,
    upper: null,
    index: null,
    by: null,
    window: null,
    batch: 50,
    simple: true,
    direct,
  }
  const asked = { collection: 'killed', projection: null, readConcern: null, keep: null }
  const pages = new Pages({ lease, address, settings, range: { ...range, snapshot: null }, asked })
  const kill = async (): Promise<number> => {
    const command = { killCursors: 'killed', cursors: [Long.fromBigInt(cursor)] }
    const reply = await client.db('shop').command(command)
    return reply['cursorsKilled'].length
  }
  const close = async (): Promise<void> => {
    await pages.close()
    await watched.close()
  }
  return { pages, kill, close }
}

const where = (what: string): boolean => /^(?:find|getMore|aggregate)/.test(what)
const SEEDS = Number(process.env['MILLRACE_SEEDS'] ?? 10)

test('faults of the network, by seeds: the same rows each time', async context => {
  if (!here(context)) return
  await filled(
    'faulty',
    upTo(400).map(n => ({ n, pad: 'p'.repeat(100) })),
  )
  const service = await serverOf('mongo')
  for (let seed = 1; seed <= SEEDS; seed++) {
    const proxy = await faultProxy(service, { seed, stallMs: 1500, where })
    try {
      const uri = `${proxy.uri.slice(0, proxy.uri.indexOf('/', 10))}/shop/faulty${OPTIONS}`
      const source = mongo(uri, N, { batchBytes: '8KB', timeout: '1s' })
      const { rows } = await readAll(source, { request: { splitBytes: 20_000 } })
      assert.deepEqual(numbers(rows), upTo(400), `seed ${seed}: ${proxy.schedule}`)
      await noLeaks({ server: service, expected: () => true, proxies: [proxy] })
    } finally {
      await proxy.stop()
    }
  }
})
