/** One run of a case through proxies with faults, and what is asked of it. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { start } from '../../faults/command.ts'
import { bigqueryProtocol } from '../bigquery-protocol/proxy.ts'
import { contents } from '../contents.ts'
import { faultProxy } from '../fault-proxy/proxy.ts'
import type { FaultOptions } from '../fault-proxy/schedule.ts'
import { type GcsProtocol, gcsProtocol } from '../gcs-protocol/proxy.ts'
import { noLeaks } from '../leaks.ts'
import type { Service } from '../services.ts'
import type { At, EndName, MatrixCase, Servers } from './case.ts'

/** A run without faults takes a second or two; eight faults with their pauses may take a while. */
const RUN_MS_MAX = 120_000
const MEMORY = '256MB'
/** What `--memory` says, and 256 MB: for the engine's process. */
const RSS_BYTES_MAX = 512 * 2 ** 20

export interface Ran {
  readonly ms: number
  readonly rssBytes: number
  readonly faults: number
  /** Bytes that came from the servers, headers included. */
  readonly receivedBytes: number
}

export interface Way {
  readonly through: Servers
  readonly env: Record<string, string>
  readonly told: () => string
  readonly faults: () => number
  readonly connections: () => number
  /** Bytes that clients were sent. */
  readonly sentBytes: () => number
  readonly gcs: GcsProtocol | null
  readonly stop: () => Promise<void>
}

/** Protocol proxies, and before each a fault proxy. Without a seed nothing is injected. */
export async function wayTo(
  { servers }: Pick<At, 'servers'>,
  seed: number | null,
  { faults = {} }: Pick<MatrixCase, 'faults'> = {},
): Promise<Way> {
  const stops: (() => Promise<void>)[] = []
  const through: Partial<Record<EndName, Service>> = {}
  const schedules: { injected: readonly unknown[] }[] = []
  const proxies: { connections: number; sentBytes: number }[] = []
  let gcs: GcsProtocol | null = null
  for (const [name, server] of Object.entries(servers) as [EndName, Service][]) {
    let service: Service = server
    if (name === 'gcs') service = gcs = await gcsProtocol(server)
    if (name === 'bigquery') {
      const protocol = await bigqueryProtocol(server, seed === null ? {} : { seed, faultsMax: 2 })
      schedules.push(protocol.schedule)
      service = protocol
    }
    const proxy = await faultProxy(service, faultsOf(name, seed, faults))
    schedules.push(proxy.schedule)
    proxies.push(proxy)
    through[name] = proxy
    // The outer one first.
    stops.push(() => proxy.stop())
    if (service !== server) stops.push(() => service.stop())
  }
  // bigquery's environment has the way to its own gcs, which the other entry replaces.
  const envs = [through.bigquery, ...Object.values(through).filter(s => s !== through.bigquery)]
  return {
    through,
    env: Object.assign({}, ...envs.map(service => service?.env ?? {})),
    told: () => schedules.join('\n'),
    faults: () => schedules.reduce((sum, schedule) => sum + schedule.injected.length, 0),
    connections: () => proxies.reduce((sum, proxy) => sum + proxy.connections, 0),
    sentBytes: () => proxies.reduce((sum, proxy) => sum + proxy.sentBytes, 0),
    gcs,
    stop: async () => {
      for (const stop of stops) await stop()
    },
  }
}

/** A broken session of a wire protocol takes all that it was about with it, so few faults are many. */
function faultsOf(name: EndName, seed: number | null, own: MatrixCase['faults']): FaultOptions {
  if (seed === null) return { seed: 0, rate: 0 }
  const few = name === 'mongo' || name === 'postgres' ? { rate: 0.15, faultsMax: 4 } : {}
  return { seed, stallMs: 700, slowMs: 200, ...few, ...own }
}

/** Runs a case once. Throws AssertionError with all that was injected where anything is not as it must be. */
export async function runOnce(
  at: At,
  what: MatrixCase,
  seed: number | null,
  expected: string | null,
): Promise<Ran & { answer: string }> {
  const name = seed === null ? 'calm' : `seed_${seed}`
  const way = await wayTo(at, seed, what)
  try {
    const servers = Object.values(at.servers)
    const before = new Map<Service, string[]>()
    const words = await what.words(at, way.through, name)
    for (const server of servers) before.set(server, await contents(server))
    const env = { ...way.env, ...what.env?.(name) }
    const ran = await timed([...words, '--memory', MEMORY, '--workers', '2'], env)
    const told = `${what.name}\n${way.told()}`
    assert.equal(ran.code, 0, `${told}\n${ran.err}`)
    const answer = await what.answer(at, name)
    if (expected !== null) assert.equal(answer, expected, told)
    assert.ok(ran.ms < RUN_MS_MAX, `${told}\nit took ${ran.ms} ms`)
    assert.ok(ran.rssBytes < RSS_BYTES_MAX, `${told}\nit took ${ran.rssBytes} bytes of memory`)
    const most = what.receivedBytesMax?.(at) ?? Infinity
    const receivedBytes = way.sentBytes()
    assert.ok(receivedBytes <= most, `${told}\n${receivedBytes} bytes came, ${most} at most`)
    for (const server of servers)
      await noLeaks(
        {
          server,
          before: before.get(server) ?? [],
          ...(what.made ? { expected: what.made(name) } : {}),
          proxies: [
            {
              get connections() {
                return way.connections()
              },
            },
          ],
        },
        told,
      )
    assert.deepEqual(way.gcs?.uploads ?? [], [], `${told}\nuploads are left over`)
    const { ms, rssBytes } = ran
    return { answer, ms, rssBytes, receivedBytes, faults: way.faults() }
  } finally {
    await way.stop()
  }
}

async function timed(words: readonly string[], env: Record<string, string>) {
  const before = performance.now()
  const { child, ended } = start(words, env)
  let rssBytes = 0
  const watch = setInterval(() => {
    rssBytes = Math.max(rssBytes, peakOf(child.pid ?? 0))
  }, 100)
  const late = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), RUN_MS_MAX)
  const { code, err } = await ended
  clearInterval(watch)
  clearTimeout(late)
  return { code, err, rssBytes, ms: Math.round(performance.now() - before) }
}

/** The greatest peak of the processes of a group, in bytes; 0 where the system does not tell. */
function peakOf(group: number): number {
  let most = 0
  try {
    for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
      const peak = peakIn(pid, group)
      most = Math.max(most, peak)
    }
  } catch {
    // There is no /proc here.
  }
  return most
}

function peakIn(pid: string, group: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    if (Number(fields[2]) !== group) return 0
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
  } catch {
    // It ended a moment ago.
    return 0
  }
}
