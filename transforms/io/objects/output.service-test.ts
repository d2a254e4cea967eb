/** Outputs in object stores where something is in their way: other runs, other objects, what was lost. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  bucketOn,
  fileOf,
  folder,
  KINDS,
  leftIn,
  namesIn,
  textOf,
} from '../../../test/services/objects/buckets.ts'
import { needs } from '../../../test/services/services.ts'
import { schemaOf, t as kinds } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { PlaceOwner, PlaceRequest } from '../../../engine/io/output-place.ts'
import { leaseFrom, markText, markUri } from './mark.ts'
import { ObjectOutput } from './output.ts'
import type { ObjectStore } from './store.ts'
import { storeOf } from './store-of.ts'

const here: PlaceOwner = { process: process.pid, started: 's', host: hostname(), boot: 'b' }
const elsewhere: PlaceOwner = { process: 7, started: 's', host: 'another', boot: 'c' }
const schema = schemaOf([{ name: 'id', kind: kinds.int32 }])

async function outputAt(
  uri: string,
  o: Partial<PlaceRequest> = {},
  wrap = (store: ObjectStore) => store,
) {
  const warned: string[] = []
  const request: PlaceRequest = {
    key: 'abcdef0123456789',
    overwrite: false,
    at: 'user.ts:3  .write',
    schema,
    scratch: mkdtempSync(join(folder(), 'scratch-')),
    bufferBytes: 1 << 20,
    watchMs: 300,
    owner: here,
    isAlive: owner => (owner.host === hostname() ? false : null),
    warn: text => warned.push(text),
    ...o,
  }
  const output = new ObjectOutput({ uri, extension: '.csv' }, wrap(await storeOf(uri)), request)
  return { output, warned }
}

/** From begin to the last shard sent. */
async function sentTo(output: ObjectOutput, texts: readonly string[], o = { unfinished: false }) {
  const unfinished = (await output.begin(o.unfinished)) || o.unfinished
  await output.prepare(unfinished, false)
  for (const [index, text] of texts.entries()) {
    const place = await output.shard('', index)
    writeFileSync(place.path, text)
    await output.send({ ...place, rows: 1, bytes: text.length })
    assert.ok(!existsSync(place.path), 'its local file is gone')
  }
}

const fault = (kind: string, message: RegExp) => (error: Fault) => {
  assert.ok(error instanceof Fault, String(error))
  assert.equal(error.kind, kind)
  assert.match(error.message, message)
  assert.ok(error.hint, 'it says what to do')
  return true
}

for (const kind of KINDS) {
  test(`${kind}: of two live runs one writes; a dead one is taken over, of another machine once its lease is over`, async t => {
    if (!needs(t, kind)) return
    const uri = `${await bucketOn(kind, 'live')}/out`
    const store = await storeOf(uri)
    const first = await outputAt(uri)
    await sentTo(first.output, ['a'])
    const second = await outputAt(uri, { key: 'ffff000011112222' })
    await assert.rejects(
      second.output.begin(false),
      fault('resource', /output .*live\/out is being written by process \d+ of /),
    )
    await second.output.abandon()
    assert.ok((await store.get(markUri(`${uri}/`))) !== null, 'the mark is the first one’s')
    await first.output.abandon()
    assert.deepEqual(await namesIn(`${uri}/`), [])

    const until = leaseFrom(Date.now())
    const mark = { id: 'i', run: 'other', names: '0123456789abcdef', begun: until, until }
    await store.put(markUri(`${uri}/`), markText({ ...mark, owner: elsewhere }))
    await assert.rejects(second.output.begin(false), fault('resource', /by process 7 of another/))
    const lapsed = { ...mark, until: new Date(Date.now() - 1000).toISOString(), owner: elsewhere }
    await store.put(markUri(`${uri}/`), markText(lapsed))
    const path = fileOf('stale', 10)
    const stale = await store.send(path, `${uri}/part-00000-0123456789ab.csv`, {
      hidden: `${uri}/_millrace/0123456789abcdef/`,
    })
    const third = await outputAt(uri)
    await sentTo(third.output, ['b'])
    assert.equal(await store.holds(stale), false, 'what the dead run had sent is gone')
    await third.output.commit()
    await third.output.end()
    assert.equal((await namesIn(`${uri}/`)).length, 2)
  })

  test(`${kind}: a mark that is renewed is respected, however far the clocks are apart`, async t => {
    if (!needs(t, kind)) return
    const uri = `${await bucketOn(kind, 'clocks')}/out`
    const store = await storeOf(uri)
    const at = markUri(`${uri}/`)
    const mark = { id: 'i', run: 'other', names: '0123456789abcdef', begun: '', owner: elsewhere }
    // To this machine's clock it is over; its owner renews it with times that are long past.
    let hours = 9
    const renew = () => {
      const until = new Date(Date.now() - --hours * 3_600_000).toISOString()
      return store.put(at, markText({ ...mark, until }))
    }
    await renew()
    const { output, warned } = await outputAt(uri)
    const beginning = output.begin(false)
    await new Promise(resolve => setTimeout(resolve, 100))
    await renew()
    await assert.rejects(beginning, fault('resource', /being written by process 7 of another/))
    assert.match(warned.join(), /waits 0\.3 s to see whether a run on another is dead/)
    assert.equal((await namesIn(`${uri}/`)).length, 1)
  })

  test(`${kind}: an output that may not be replaced is refused before it is marked`, async t => {
    if (!needs(t, kind)) return
    const uri = `${await bucketOn(kind, 'kept')}/out`
    const store = await storeOf(uri)
    await store.put(`${uri}/mine.csv`, Buffer.from('mine'))
    const { output } = await outputAt(uri)
    // A kill at this point leaves nothing that a rerun would take for leave to replace it.
    await assert.rejects(output.begin(false), fault('pipeline', /exists/))
    assert.deepEqual(await namesIn(`${uri}/`), ['mine.csv'])
    const retaken = await outputAt(uri)
    assert.equal(await retaken.output.begin(true), false)
    await retaken.output.abandon()
    assert.deepEqual(await namesIn(`${uri}/`), ['mine.csv'])
  })

  test(`${kind}: a run that slept while another took over commits nothing, and removes nothing`, async t => {
    if (!needs(t, kind)) return
    const uri = `${await bucketOn(kind, 'slept')}/out`
    const first = await outputAt(uri)
    await sentTo(first.output, ['old'])
    await first.output.commit()
    await first.output.end()
    const before = await namesIn(`${uri}/`)
    // Once its shard is shown, and before its manifest is written, another run has the mark.
    const taken = (real: ObjectStore): ObjectStore => ({
      ...real,
      async commit(pending) {
        const shown = await real.commit(pending)
        const mark = JSON.parse(await textOf(markUri(`${uri}/`)))
        await real.put(markUri(`${uri}/`), markText({ ...mark, id: 'another', owner: elsewhere }))
        await real.remove(shown.uri)
        return shown
      },
    })
    const slow = await outputAt(uri, { overwrite: true, key: '1111222233334444' }, taken)
    await sentTo(slow.output, ['slow'])
    await assert.rejects(slow.output.commit(), fault('resource', /taken over by another run/))
    const manifest = JSON.parse(await textOf(`${uri}/_millrace_manifest.json`))
    assert.equal(manifest.key, 'abcdef0123456789')
    const now = await namesIn(`${uri}/`, false)
    assert.deepEqual(
      now,
      before.filter(name => !name.includes('_millrace')),
    )
  })

  test(`${kind}: a mark of a dead process of this machine is completed by a run of the same key`, async t => {
    if (!needs(t, kind)) return
    const uri = `${await bucketOn(kind, 'dead')}/out`
    const first = await outputAt(uri)
    await sentTo(first.output, ['a', 'b'])
    await first.output.commit()
    // It dies before its mark is removed: what stands is adopted, and nothing sent again.
    const before = await namesIn(`${uri}/`)
    const store = await storeOf(uri)
    const mark = JSON.parse(await textOf(markUri(`${uri}/`)))
    mark.owner.process = 999_999
    await store.put(markUri(`${uri}/`), Buffer.from(JSON.stringify(mark)))
    const manifest = await textOf(`${uri}/_millrace_manifest.json`)
    const second = await outputAt(uri)
    await sentTo(second.output, ['a', 'b'])
    await second.output.commit()
    await second.output.end()
    assert.equal(await textOf(`${uri}/_millrace_manifest.json`), manifest)
    assert.deepEqual(
      await namesIn(`${uri}/`),
      before.filter(n => !n.startsWith('_millrace/')),
    )
  })

  test(`${kind}: other bytes than a dead run had committed are told, and replace them where that is asked for`, async t => {
    if (!needs(t, kind)) return
    const uri = `${await bucketOn(kind, 'other')}/out`
    const store = await storeOf(uri)
    const first = await outputAt(uri)
    await sentTo(first.output, ['a', 'b'])
    await first.output.commit()
    const dead = JSON.parse(await textOf(markUri(`${uri}/`)))
    dead.owner.process = 999_999
    const mark = Buffer.from(JSON.stringify(dead))
    await store.put(markUri(`${uri}/`), mark)
    const second = await outputAt(uri)
    await sentTo(second.output, ['a', 'other'])
    await assert.rejects(second.output.commit(), fault('data', /stands already, with other bytes/))
    await second.output.abandon()
    await store.put(markUri(`${uri}/`), mark)
    const third = await outputAt(uri, { overwrite: true })
    await sentTo(third.output, ['a', 'other'])
    await third.output.commit()
    await third.output.end()
    const names = await namesIn(`${uri}/`, false)
    assert.equal(names.length, 2)
    assert.equal(await textOf(`${uri}/${names[1]}`), 'other')
  })

  test(`${kind}: a manifest that another run wrote meanwhile is not replaced`, async t => {
    if (!needs(t, kind)) return
    const uri = `${await bucketOn(kind, 'lost')}/out`
    const { output } = await outputAt(uri)
    await sentTo(output, ['a'])
    const store = await storeOf(uri)
    const theirs =
      '{"format":"millrace-manifest","version":1,"run":"theirs","created":"2026-01-31T12:00:00.000Z","objects":[]}'
    await store.put(`${uri}/_millrace_manifest.json`, Buffer.from(theirs))
    await assert.rejects(output.commit(), fault('data', /another object stands at .*manifest/))
    assert.equal(await textOf(`${uri}/_millrace_manifest.json`), theirs)
    await output.abandon()
    const seen = (await namesIn(`${uri}/`)).filter(n => !n.startsWith('_millrace/'))
    assert.deepEqual(seen, ['_millrace_manifest.json'])
  })

  test(`${kind}: nothing is committed once the mark is another run's`, async t => {
    if (!needs(t, kind)) return
    const uri = `${await bucketOn(kind, 'taken-over')}/out`
    const { output } = await outputAt(uri)
    await sentTo(output, ['a'])
    const store = await storeOf(uri)
    const mark = JSON.parse(await textOf(markUri(`${uri}/`)))
    await store.put(markUri(`${uri}/`), Buffer.from(JSON.stringify({ ...mark, id: 'theirs' })))
    await assert.rejects(output.commit(), fault('resource', /was taken over by another run/))
    await output.abandon()
    assert.equal(JSON.parse(await textOf(markUri(`${uri}/`))).id, 'theirs')
  })

  test(`${kind}: what fails leaves nothing: sent objects and the mark are removed`, async t => {
    if (!needs(t, kind)) return
    const uri = `${await bucketOn(kind, 'abandoned')}/out`
    const { output, warned } = await outputAt(uri)
    await sentTo(output, ['a', 'b', 'c'])
    const store = await storeOf(uri)
    assert.equal((await leftIn(store, `${uri}/`, `${uri}/_millrace/`)).length, 3)
    await output.abandon()
    assert.deepEqual(await namesIn(`${uri}/`), [])
    assert.deepEqual(await leftIn(store, `${uri}/`, `${uri}/_millrace/`), [])
    assert.deepEqual(warned, [])
  })

  test(`${kind}: an object that has the folder's name, a folder that holds something, a whole bucket`, async t => {
    if (!needs(t, kind)) return
    const bucket = await bucketOn(kind, 'standing')
    const store = await storeOf(bucket)
    await store.put(`${bucket}/theirs/x.csv`, Buffer.from('x'))
    const { output } = await outputAt(`${bucket}/theirs`)
    await assert.rejects(output.begin(false), fault('pipeline', /theirs exists/))
    await output.abandon()
    assert.deepEqual(await namesIn(`${bucket}/`), ['theirs/x.csv'])
    const object = await outputAt(`${bucket}/theirs/x.csv`)
    await assert.rejects(
      object.output.prepare(false, false),
      fault('pipeline', /x\.csv is an object/),
    )
    await assert.rejects(outputAt(bucket), fault('pipeline', /is a whole bucket/))
    const inside = [{ uri: `${bucket}/theirs/x.csv` }]
    assert.throws(() => output.refuseInputs(inside), fault('pipeline', /holds the input/))
  })
}
