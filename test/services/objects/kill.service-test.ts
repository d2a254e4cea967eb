/**
 * Runs that are killed (-9) as a seeded request of theirs reaches the store, which may carry it out or
 * not: readers see an output as a whole or not at all, the rerun gives what an undisturbed run gives, and
 * nothing else is left. MILLRACE_KILLS: how many for each store.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { storeOf } from '../../../transforms/io/objects/store-of.ts'
import { start } from '../../faults/command.ts'
import { needs } from '../services.ts'
import { bucketOn, folder, KINDS, type Kind, leftIn, namesIn, serviceOf } from './buckets.ts'
import { type Watch, watching } from './watching.ts'
import { linesIn } from './lines.ts'
import { filesIn, objectsIn, sorted } from './standing.ts'

const KILLS = Number(process.env['MILLRACE_KILLS'] ?? 6)
const OUTPUTS = ['rejects #1', 'days?', '50% ä', 'cities']
const local = join(folder(), 'local')
let input = ''

const words = (output: string, ...more: readonly string[]) => [
  ...['run', 'test/services/objects/outputs-pipeline.ts', '--input', input, '--output', output],
  ...more,
]

before(async () => {
  input = linesIn(join(folder(), 'lines'), { rows: 6000, files: 2 })
  const { code, err } = await start(words(local)).ended
  assert.equal(code, 0, err)
})

/** A generator of numbers in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    return state / 2 ** 32
  }
}

const changes = (method: string): boolean => method !== 'GET' && method !== 'HEAD'

/** A proxy whose watch can be exchanged. */
async function watched(kind: Kind) {
  const { uri } = await serviceOf(kind)
  const seen: { watch: Watch } = { watch: () => true }
  const proxy = await watching(uri, request => seen.watch(request))
  const env = kind === 'gcs' ? { STORAGE_EMULATOR_HOST: proxy } : { AWS_ENDPOINT_URL_S3: proxy }
  return { env, seen }
}

/** What readers see of an output: by its manifest, and where there is none by the names that globs match. */
async function assertWholeOrNone(out: string): Promise<void> {
  for (const name of OUTPUTS) {
    const store = await storeOf(out)
    const manifest = await store.get(`${out}/${name}/_millrace_manifest.json`)
    if (manifest === null) continue
    const { objects } = JSON.parse(Buffer.from(manifest.bytes).toString()) as {
      objects: { name: string; bytes: number; version: string }[]
    }
    for (const o of objects) {
      const found = await store.stat(`${out}/${name}/${o.name}`)
      assert.deepEqual([found?.bytes, found?.version], [o.bytes, o.version], o.name)
    }
  }
}

async function assertNothingLeft(out: string): Promise<void> {
  const names = await namesIn(`${out}/`)
  assert.deepEqual(
    names.filter(n => n.includes('_millrace/')),
    [],
  )
  const store = await storeOf(out)
  for (const name of OUTPUTS)
    assert.deepEqual(await leftIn(store, `${out}/${name}/`, `${out}/${name}/_millrace/`), [])
}

for (const kind of KINDS)
  test(`${kind}: killed as a request arrives, then run again`, async t => {
    if (!needs(t, kind)) return
    const bucket = await bucketOn(kind, 'kills')
    const { env, seen } = await watched(kind)
    let changed = 0
    seen.watch = ({ method }) => {
      if (changes(method)) changed++
      return true
    }
    const calm = await start(words(`${bucket}/calm`), env).ended
    assert.equal(calm.code, 0, calm.err)
    assert.deepEqual(sorted(await objectsIn(`${bucket}/calm`)), sorted(filesIn(local)))
    const count = changed
    for (let seed = 1; seed <= KILLS; seed++) {
      const random = randomFrom(seed)
      // Over all of the run, and half of them where it commits.
      const share = random() < 0.5 ? random() : 0.55 + random() * 0.45
      const moment = Math.ceil(share * count)
      const done = random() < 0.5
      const out = `${bucket}/seed-${seed}`
      const over = random() < 0.3
      if (over) assert.equal((await start(words(out, '--wave', '2')).ended).code, 0)
      const options = over ? ['--overwrite'] : []
      let [at, killed] = [0, false]
      const dying = start(words(out, ...options), env)
      seen.watch = ({ method }) => {
        if (changes(method)) at++
        if (at === moment && !killed) {
          killed = true
          process.kill(-(dying.child.pid as number), 'SIGKILL')
          return done
        }
        return true
      }
      await dying.ended
      seen.watch = () => true
      const what = `seed ${seed}: request ${moment} of ${count}, ${done ? '' : 'not '}carried out${over ? ', over another' : ''}`
      t.diagnostic(`${what}${killed ? '' : ', ended before'}`)
      await assertWholeOrNone(out)
      if (!killed) continue
      const again = await start(words(out, ...options), env).ended
      assert.equal(again.code, 0, `${what}: ${again.err}`)
      assert.deepEqual(sorted(await objectsIn(out)), sorted(filesIn(local)), what)
      await assertNothingLeft(out)
    }
  })
