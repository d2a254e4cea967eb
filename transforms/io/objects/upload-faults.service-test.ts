/**
 * Sending through seeded faults: resets, stalls, lost answers, requests that come twice, 429, 500, 503.
 * Whatever happens on the way, the same bytes stand there at the end, and nothing else. MILLRACE_SEEDS: how
 * many for each store.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { faultProxy } from '../../../test/services/fault-proxy/proxy.ts'
import {
  bucketOn,
  fileOf,
  folder,
  KINDS,
  leftIn,
  namesIn,
  serviceOf,
} from '../../../test/services/objects/buckets.ts'
import { needs } from '../../../test/services/services.ts'
import { closeIdle } from './receive.ts'
import { closeS3Client } from './s3-client.ts'
import type { StoredObject } from './store.ts'
import { storeOf } from './store-of.ts'

const SEEDS = Number(process.env['MILLRACE_SEEDS'] ?? 4)
/** Some in one request, some in several parts or a session. */
const SIZES = [0, 5000, 1_000_000, (9 << 20) + 17, 20 << 20]

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

async function digestAt(uri: string): Promise<string> {
  const store = await storeOf(uri)
  const object = (await store.stat(uri)) as StoredObject
  const hash = createHash('sha256')
  const bytes = Buffer.alloc(object.bytes)
  await store.read(object, 0, bytes)
  hash.update(bytes)
  return hash.digest('hex')
}

for (const kind of KINDS)
  test(`${kind}: whatever happens on the way, what was sent stands there once`, async t => {
    if (!needs(t, kind)) return
    for (const bytes of SIZES) fileOf(`${kind}-${bytes}`, bytes, bytes + 1)
    for (let seed = 1; seed <= SEEDS; seed++) {
      const bucket = await bucketOn(kind, 'faults')
      const calm = { ...process.env }
      const service = { ...(await serviceOf(kind)), name: kind }
      const proxy = await faultProxy(service, { seed, stallMs: 300 })
      await closeS3Client()
      Object.assign(process.env, proxy.env)
      const store = await storeOf(bucket)
      const out = `${bucket}/seed-${seed}/`
      const hidden = `${out}_millrace/k/`
      const started = performance.now()
      try {
        const made = await Promise.all(
          SIZES.map(async bytes => {
            const name = `part-00000-${String(bytes).padStart(12, '0')}.csv`
            const pending = await store.send(join(folder(), `${kind}-${bytes}`), out + name, {
              hidden,
            })
            return store.commit(pending)
          }),
        )
        assert.equal(await store.put(`${out}manifest`, Buffer.from(`seed ${seed}`), null), true)
        assert.deepEqual(
          made.map(o => o.bytes),
          SIZES,
        )
      } catch (error) {
        throw new Error(`${kind}, seed ${seed}: ${proxy.schedule}`, { cause: error })
      } finally {
        closeIdle()
        await closeS3Client()
        Object.assign(process.env, calm)
      }
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      t.diagnostic(
        `seed ${seed}: ${seconds} s, ${String(proxy.schedule).split('\n').length} lines of faults`,
      )
      const names = (await namesIn(out)).sort()
      assert.equal(names.length, SIZES.length + 1, `seed ${seed}: ${names}`)
      for (const bytes of SIZES) {
        const name = `part-00000-${String(bytes).padStart(12, '0')}.csv`
        const file = readFileSync(join(folder(), `${kind}-${bytes}`))
        assert.equal(await digestAt(out + name), digestOf(file), `seed ${seed}: ${name}`)
      }
      // A session or upload whose making was answered to nobody is for a clean-up.
      const lost = /answer-lost|duplicated|stall|reset-answer|truncated/.test(
        String(proxy.schedule),
      )
      if (!lost) assert.deepEqual(await leftIn(await storeOf(bucket), out, hidden), [])
      assert.equal(proxy.connections, 0, `seed ${seed}: open connections`)
      await proxy.stop()
    }
  })
