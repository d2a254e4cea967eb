/** Postgres: a cluster of its own, made by initdb, with one user and one database `millrace`. */
import { execFile } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { homeOf } from '../home.ts'
import { folderFor, freePort, launch, plainUser } from '../process.ts'
import type { Service } from '../server.ts'

const run = promisify(execFile)
const USER = 'millrace'
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'wal_level=logical',
  'max_connections=60',
  'shared_buffers=64MB',
  // What a crash of the machine would lose is a test's data.
  'fsync=off',
  'full_page_writes=off',
  'logging_collector=off',
]

export async function startPostgres(): Promise<Service> {
  const port = await freePort()
  // The cache may lie where the other user may not look.
  const bin = realpathSync(join(homeOf('postgres'), 'bin'))
  const uid = plainUser()
  const folder = folderFor('postgres', uid)
  const data = join(folder, 'data')
  const as = { cwd: folder, ...(uid === undefined ? {} : { uid }) }
  const cluster = ['--encoding=UTF8', '--locale=C', '--auth=trust', '--no-sync']
  try {
    await run(join(bin, 'initdb'), ['-D', data, `--username=${USER}`, ...cluster], as)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  const settings = [...SETTINGS, `port=${port}`, `unix_socket_directories=${folder}`]
  const running = await launch({
    name: 'postgres',
    command: join(bin, 'postgres'),
    args: ['-D', data, ...settings.flatMap(setting => ['-c', setting])],
    folder,
    // Fast shutdown: it does not wait for clients to leave.
    signal: 'INT',
    ...(uid === undefined ? {} : { uid }),
    ready: () => answersQueries(port),
  })
  const client = await clientOf(port, 'postgres')
  await client.query(`create database ${USER}`)
  await client.end()
  const uri = `postgres://${USER}@127.0.0.1:${port}/${USER}`
  const env = { PGHOST: '127.0.0.1', PGPORT: `${port}`, PGUSER: USER, PGDATABASE: USER }
  return { ...running, name: 'postgres', uri, port, folder: data, env }
}

async function clientOf(port: number, database: string) {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ host: '127.0.0.1', port, user: USER, database })
  await client.connect()
  return client
}

/** A Postgres that starts takes connections and refuses queries. */
async function answersQueries(port: number): Promise<boolean> {
  const client = await clientOf(port, 'postgres')
  await client.end()
  return true
}
