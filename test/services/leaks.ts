/**
 * What a run has left behind: connections through a proxy that are still open, and names on a server
 * that were not expected. Waits a moment, since ends of connections take theirs.
 *
 *     const before = await contents(gcs)
 *     // … a run over `proxy` …
 *     await noLeaks({ server: gcs, before, expected: name => name.startsWith('gs://out/'), proxies: [proxy] })
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { contents } from './contents.ts'
import type { FaultProxy } from './fault-proxy/proxy.ts'
import type { Service } from './services.ts'

const WAIT_MS = 10_000

export interface Watched {
  /** The server itself, not a proxy. */
  readonly server: Service
  /** What it held before the run: `contents(server)`. */
  readonly before?: readonly string[]
  /** What the run was to make. Nothing where absent. */
  readonly expected?: (name: string) => boolean
  /** No connection to these is left. */
  readonly proxies?: readonly Pick<FaultProxy, 'connections'>[]
}

/** What is left over now, a line each. */
export async function leaks({
  server,
  before = [],
  expected = () => false,
  proxies = [],
}: Watched): Promise<string[]> {
  const there = new Set(before)
  const names = (await contents(server)).filter(name => !there.has(name) && !expected(name))
  const open = proxies.reduce((sum, proxy) => sum + proxy.connections, 0)
  return [...names, ...(open > 0 ? [`${open} open connections`] : [])]
}

/** Throws AssertionError where something is left over after ten seconds; `told` opens its message. */
export async function noLeaks(watched: Watched, told = ''): Promise<void> {
  const deadline = performance.now() + WAIT_MS
  let left = await leaks(watched)
  while (left.length > 0 && performance.now() < deadline) {
    await sleep(100)
    left = await leaks(watched)
  }
  assert.deepEqual(left, [], `${told}\nleft over on ${watched.server.name}:\n${left.join('\n')}`)
}
