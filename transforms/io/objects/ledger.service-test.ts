/** The run ledger in a bucket, on real servers: swapped by one, whatever else is at work. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { LedgerEntry } from '../../../engine/run/ledger/entry.ts'
import { newestRuns } from '../../../engine/run/ledger/history.ts'
import { start } from '../../../test/faults/command.ts'
import { placeAt, words } from '../../../test/faults/ledger/place.ts'
import { bucketOn, folder, KINDS } from '../../../test/services/objects/buckets.ts'
import { needs } from '../../../test/services/services.ts'
import { ledgerIn } from './ledger.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const adder = fileURLToPath(
  new URL('../../../test/services/objects/ledger-adder.ts', import.meta.url),
)
const PROCESSES = 3
const TIMES = 6

for (const kind of KINDS) {
  test(`${kind}: put, get, list; swap over the version that was read, once`, async t => {
    if (!needs(t, kind)) return
    const values = await ledgerIn(`${await bucketOn(kind, 'ledger-one')}/of/shop`)
    const name = 'series/shop/a.json'
    assert.equal(await values.get(name), null)
    const first = await values.swap(name, bytes('a'), null)
    assert.ok(first)
    assert.equal(await values.swap(name, bytes('b'), null), null, 'there is one')
    const second = await values.swap(name, bytes('b'), first)
    assert.ok(second && second !== first)
    assert.equal(await values.swap(name, bytes('c'), first), null, 'it is another one by now')
    // As after an answer that was lost: what stands there is what was to be written.
    assert.equal(await values.swap(name, bytes('b'), first), second)
    await values.put('runs/shop/2.json', bytes('x'))
    await values.put('runs/shop/2.json', bytes('y'))
    await values.put('runs/shop/1.json', bytes('z'))
    const kept = await values.get('runs/shop/2.json')
    assert.equal(Buffer.from(kept?.bytes ?? []).toString(), 'y')
    const names = (await Array.fromAsync(values.list('runs/'))).flat()
    assert.deepEqual(names, ['runs/shop/1.json', 'runs/shop/2.json'])
  })

  test(`${kind}: processes that swap at once: none is lost, none counts twice`, async t => {
    if (!needs(t, kind)) return
    const uri = `${await bucketOn(kind, 'ledger-race')}/x`
    const args = ['--conditions=millrace-source', adder, uri, String(TIMES)]
    const children = Array.from({ length: PROCESSES }, () =>
      spawn(process.execPath, args, { stdio: 'inherit' }),
    )
    const codes = await Promise.all(children.map(async child => (await once(child, 'close'))[0]))
    assert.deepEqual(codes, Array(PROCESSES).fill(0))
    const kept = await (await ledgerIn(uri)).get('series/race/counter.json')
    const { count } = JSON.parse(Buffer.from(kept?.bytes ?? []).toString())
    assert.equal(count, PROCESSES * TIMES)
  })

  test(`${kind}: of runs that claim one interval at once one has it, and publishes it once`, async t => {
    if (!needs(t, kind)) return
    const values = await ledgerIn(`${await bucketOn(kind, 'ledger-claims')}/x`)
    const begin = (runId: string) => {
      const interval = { start: 0, end: 3_600_000 }
      const at = { pipeline: 'shop', series: 's', interval, params: {}, fingerprint: 'f' }
      const run = { runId, ...at, startedAt: Date.now() }
      return LedgerEntry.begin({ values, run, exclusive: true, again: false, lost() {} })
    }
    const ended = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map(begin))
    const [won, ...more] = ended.filter(e => e.status === 'fulfilled').map(e => e.value)
    assert.ok(won && more.length === 0)
    for (const e of ended)
      if (e.status === 'rejected') assert.match(e.reason.message, /is being run already/)
    await won.publishing({})
    await won.published({})
    assert.equal((await begin('f')).already?.runId, won.record.runId)
  })

  test(`${kind}: the command keeps its ledger there`, async t => {
    if (!needs(t, kind)) return
    const uri = `${await bucketOn(kind, 'ledger-runs')}/x`
    const place = placeAt(join(folder(), `ledger-${kind}`), 2)
    const given = words(place, null)
    given[given.indexOf('--ledger') + 1] = uri
    const first = await start(given).ended
    assert.equal(first.code, 0, first.err)
    const again = await start(given).ended
    assert.equal(again.out.match(/"already published"/g)?.length, 2, again.err)
    const runs = await newestRuns(await ledgerIn(uri), { pipeline: 'increments', limit: 9 })
    assert.deepEqual(
      runs.map(r => r.status),
      ['published', 'published'],
    )
    const listed = await start(['runs', '--ledger', uri]).ended
    assert.match(listed.out, /increments +2026-11-20T01:00Z +published +120/)
  })
}
