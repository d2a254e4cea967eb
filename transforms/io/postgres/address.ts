/**
 * Where a database is, from its URI: `postgres://user@host:5432/db?sslmode=verify-full`. What the URI
 * leaves out comes from the client's own chain: PGHOST, PGUSER, PGPASSWORD, PGSSLMODE, ~/.pgpass. A
 * password in the URI works and is shown nowhere.
 */
import { readFileSync } from 'node:fs'
import type { ClientConfig } from 'pg'
import { Fault, redactUri } from '../../../engine/fault.ts'

export const isPostgres = (uri: string): boolean => /^postgres(?:ql)?:\/\//i.test(uri)

const SSL_MODES = ['disable', 'no-verify', 'require', 'verify-ca', 'verify-full'] as const
type SslMode = (typeof SSL_MODES)[number]
const OPTIONS = ['sslmode', 'sslrootcert', 'connect_timeout', 'host', 'application_name']
const CONNECT_TIMEOUT_MS = 10_000

export interface Address {
  readonly config: ClientConfig
  /** As it may be shown: without user and password. */
  readonly shown: string
}

/** Throws pipeline: no such URI, option or mode. */
export function addressOf(uri: string): Address {
  const url = isPostgres(uri) && URL.canParse(uri) ? new URL(uri) : null
  const shown = redactUri(uri).replace(/[?#].*$/, '')
  if (url === null)
    throw new Fault('pipeline', `${shown} is no address of a postgres database`, {
      hint: 'write postgres://host:5432/database',
    })
  const unknown = [...url.searchParams.keys()].find(k => !OPTIONS.includes(k))
  if (unknown !== undefined)
    throw new Fault('pipeline', `${shown}: option ${JSON.stringify(unknown)} is not known`, {
      detail: [`have  ${OPTIONS.join(' ')}`],
    })
  return { config: configOf(url, shown), shown }
}

function configOf(url: URL, shown: string): ClientConfig {
  const option = (name: string) => url.searchParams.get(name)
  const part = (text: string) => decoded(text, shown)
  const host = option('host') ?? part(url.hostname.replace(/^\[|\]$/g, ''))
  const seconds = option('connect_timeout')
  const mode = option('sslmode')
  return {
    ...(host === '' ? {} : { host }),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(url.username === '' ? {} : { user: part(url.username) }),
    ...(url.password === '' ? {} : { password: part(url.password) }),
    ...(url.pathname.length > 1 ? { database: part(url.pathname.slice(1)) } : {}),
    ...(mode === null ? {} : { ssl: sslOf(mode, option('sslrootcert'), shown) }),
    application_name: option('application_name') ?? 'millrace',
    connectionTimeoutMillis: seconds === null ? CONNECT_TIMEOUT_MS : millis(seconds, shown),
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    client_encoding: 'UTF8',
  }
}

function decoded(text: string, shown: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Fault('pipeline', `${shown} has a % that begins no escape`, {
      hint: 'write % as %25',
    })
  }
}

function millis(seconds: string, shown: string): number {
  const ms = Number(seconds) * 1000
  if (Number.isInteger(ms) && ms > 0) return ms
  throw new Fault('pipeline', `${shown}: connect_timeout is not a number of seconds`)
}

/** As libpq reads the modes: `require` encrypts and trusts whoever answers. */
function sslOf(mode: string, root: string | null, shown: string): ClientConfig['ssl'] {
  if (!(SSL_MODES as readonly string[]).includes(mode))
    throw new Fault('pipeline', `${shown}: sslmode ${JSON.stringify(mode)} is not known`, {
      detail: [`have  ${SSL_MODES.join(' ')}`],
    })
  const known = mode as SslMode
  if (known === 'disable') return false
  const ca = root === null ? {} : { ca: readRoot(root) }
  if (known === 'verify-full') return { ...ca, rejectUnauthorized: true }
  if (known === 'verify-ca' || root !== null)
    return { ...ca, rejectUnauthorized: true, checkServerIdentity: () => undefined }
  return { rejectUnauthorized: false }
}

function readRoot(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Fault('resource', `sslrootcert ${path} cannot be read`, { cause })
  }
}
