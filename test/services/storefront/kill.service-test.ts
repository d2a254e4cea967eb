/**
 * Kill -9 of the whole process group at seeded moments of the main line: by the clock, and as a request
 * of the run's passes on its way to a store, which may still carry it out or not. After a plain rerun the
 * tables are right, the ledger says so, and nothing temporary is left. MILLRACE_KILLS: how many runs die.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { shopOf } from '../../../pipelines/storefront/generate/index.ts'
import type { Started } from '../../faults/command.ts'
import { drawn } from '../fault-proxy/schedule.ts'
import { pointedAt } from '../fault-proxy/proxy.ts'
import { type Watch, watching } from '../objects/watching.ts'
import { needs, type Service } from '../services.ts'
import { Life } from './life.ts'
import type { Servers } from './world.ts'

const KILLS = Number(process.env['MILLRACE_KILLS'] ?? 4)
/** The first seed: so that many can be run in parts. */
const FROM = Number(process.env['MILLRACE_KILLS_FROM'] ?? 1)

/** A run may need fewer requests, or less time, than the calm one: then the moment is an earlier one. */
const EARLIER = 0.75
const SHARE_MIN = 0.05

interface Moment {
  readonly seed: number
  /** Of a calm run's time or requests. */
  readonly share: number
  readonly by: 'time' | 'request'
  /** The request that it dies at is carried out. */
  readonly done: boolean
}

function momentOf(seed: number): Moment {
  const [kind, share, late, done] = ['kind', 'share', 'late', 'done'].map(w => drawn(seed, w))
  const by = (kind as number) < 0.4 ? 'time' : 'request'
  // Half of them where it stages, audits and publishes.
  const at = share as number
  return {
    seed,
    by,
    share: (late as number) < 0.5 ? at : 0.5 + at / 2,
    done: (done as number) < 0.5,
  }
}

/** Looking whether a job is done changes nothing. */
const counts: Watch = ({ method, url }) => method !== 'GET' || !/\/(?:jobs|queries)\//.test(url)

/** Servers behind proxies whose watch can be exchanged. */
async function watched(servers: Servers) {
  const seen: { watch: Watch } = { watch: () => true }
  const behind = async (service: Service) => {
    const uri = await watching(service.uri, request => seen.watch(request))
    return pointedAt(service, Number(new URL(uri).port))
  }
  const { gcs, bigquery, s3 } = servers
  const through = { gcs: await behind(gcs), s3: await behind(s3), bigquery: await behind(bigquery) }
  return { seen, through }
}

const killGroup = ({ child }: Started): void => {
  try {
    process.kill(-(child.pid as number), 'SIGKILL')
  } catch (error) {
    // It had ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

test('killed at any moment, then run again', { timeout: 3_600_000 }, async t => {
  if (!needs(t, 'bigquery', 's3', 'mongo')) return
  const life = await Life.start(shopOf(120))
  t.after(() => life.stop())
  const { seen, through } = await watched(life.world.servers)
  let requests = 0
  const calm = async () => {
    requests = 0
    seen.watch = request => {
      if (counts(request)) requests++
      return true
    }
    await life.next()
    const began = performance.now()
    const { code, err } = await life.run(through).ended
    assert.equal(code, 0, err)
    await life.check(`hour ${life.hour}`)
    return performance.now() - began
  }
  await calm()
  const ms = await calm()
  const all = requests
  t.diagnostic(`a calm run: ${all} requests, ${(ms / 1000).toFixed(1)} s`)
  for (let seed = FROM; seed < FROM + KILLS; seed++) {
    for (let moment = momentOf(seed); ; moment = { ...moment, share: moment.share * EARLIER }) {
      await life.next()
      const killed = await runKilled(moment)
      const dropped = moment.by === 'request' && !moment.done ? ', which is dropped' : ''
      const at = `${(moment.share * 100).toFixed(0)} % by ${moment.by}${dropped}`
      const what = `seed ${seed}: hour ${life.hour}, killed at ${at}`
      seen.watch = () => true
      const again = await life.run(through).ended
      assert.equal(again.code, 0, `${what}\n${again.err}`)
      await life.check(what)
      t.diagnostic(`${what}${killed ? '' : ' (it had ended: once more, earlier)'}`)
      if (killed) break
      assert.ok(moment.share > SHARE_MIN, 'no run was killed')
    }
  }

  async function runKilled({ share, by, done }: Moment): Promise<boolean> {
    const last = Math.max(1, Math.ceil(share * all))
    let came = 0
    let dying: Started | null = null
    seen.watch = request => {
      if (by === 'time' || !counts(request)) return true
      if (++came < last) return true
      if (dying) killGroup(dying)
      return came === last ? done : false
    }
    const begun = life.run(through)
    dying = begun
    if (by === 'time') {
      await Promise.race([sleep(share * ms), begun.ended])
      killGroup(begun)
    }
    return (await begun.ended).code === null
  }
})
