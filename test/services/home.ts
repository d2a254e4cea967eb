/**
 * Where install.sh has put the servers: a folder each, named by the version in the file `pins`, in
 * `$MILLRACE_SERVICES`, or `millrace/services` of the user's cache.
 */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const NAMES = ['gcs', 's3', 'mongo', 'postgres', 'bigquery'] as const
export type ServerName = (typeof NAMES)[number]

const pins = Object.fromEntries(
  readFileSync(join(import.meta.dirname, 'pins'), 'utf8')
    .split('\n')
    .filter(line => /^\w+=/.test(line))
    .map(line => line.split('=')),
)
const FOLDERS: Readonly<Record<ServerName, string>> = {
  gcs: `fake-gcs-server-${pins['gcs']}`,
  s3: `versitygw-${pins['s3']}`,
  mongo: `secantusdb-${pins['mongo']}`,
  postgres: 'postgres',
  bigquery: `bqemulator-${pins['bigquery']}`,
}

/** The folder that a server is, or would be, installed in. */
export function homeOf(name: ServerName): string {
  const { MILLRACE_SERVICES, XDG_CACHE_HOME } = process.env
  const cache = XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(MILLRACE_SERVICES || join(cache, 'millrace/services'), FOLDERS[name])
}

export const isInstalled = (name: ServerName): boolean => existsSync(join(homeOf(name), 'bin'))
