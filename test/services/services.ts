/**
 * The servers that tests of connectors talk to. `needs` says, first thing in a test, which ones it wants;
 * `serverOf` gives the one that all tests of a file share, `start` one of the test's own.
 *
 *     test('reads a collection', async t => {
 *       if (!needs(t, 'mongo')) return
 *       const { uri, env } = await serverOf('mongo')
 */
import type { TestContext } from 'node:test'
import { isInstalled, type ServerName } from './home.ts'
import type { Service, StartOptions } from './server.ts'
import { startBigquery } from './servers/bigquery.ts'
import { startGcs } from './servers/gcs.ts'
import { startMongo } from './servers/mongo.ts'
import { startPostgres } from './servers/postgres.ts'
import { startS3 } from './servers/s3.ts'

export { homeOf, isInstalled, NAMES, type ServerName } from './home.ts'
export type { Service, StartOptions } from './server.ts'

const STARTS: Readonly<Record<ServerName, (options: StartOptions) => Promise<Service>>> = {
  gcs: startGcs,
  s3: startS3,
  mongo: startMongo,
  postgres: startPostgres,
  bigquery: startBigquery,
}
/** A server needs these besides its own. */
const BESIDE: Partial<Record<ServerName, readonly ServerName[]>> = { bigquery: ['gcs'] }
const shared = new Map<ServerName, Promise<Service>>()

/**
 * Starts a server on a free port and waits until it answers. It ends by its `stop`, or with this process.
 *
 * Cost    0.1 s (gcs, s3), 1 s (mongo, bigquery), 2 s (postgres)
 * Throws  Error with the server's log: it is not installed, ended at once, or did not answer in a minute
 */
export function start(name: ServerName, options: StartOptions = {}): Promise<Service> {
  for (const needed of [name, ...(BESIDE[name] ?? [])])
    if (!isInstalled(needed))
      throw new Error(`the server ${needed} is not installed: test/services/install.sh ${needed}`)
  return STARTS[name](options)
}

/** The server that all tests of this process share; 'bigquery' reads the objects of the shared 'gcs'. */
export function serverOf(name: ServerName): Promise<Service> {
  const started = shared.get(name) ?? startShared(name)
  shared.set(name, started)
  return started
}

async function startShared(name: ServerName): Promise<Service> {
  return start(name, name === 'bigquery' ? { gcs: await serverOf('gcs') } : {})
}

/**
 * Whether the servers are installed. Where one is not, the test is marked as skipped, by the server's
 * name; under CI it throws, since there nothing may be skipped.
 */
export function needs(t: TestContext, ...names: readonly ServerName[]): boolean {
  const missing = names
    .flatMap(name => [name, ...(BESIDE[name] ?? [])])
    .filter(name => !isInstalled(name))
  if (missing.length === 0) return true
  const why = `not installed: ${[...new Set(missing)].join(', ')} (test/services/install.sh)`
  if (process.env['CI'] === 'true') throw new Error(`${why}; CI skips nothing`)
  t.skip(why)
  return false
}
