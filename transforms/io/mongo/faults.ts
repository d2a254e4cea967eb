/** Errors of the driver and of the server as faults: which collection, what was answered, what to do. */
import { Fault, type FaultKind } from '../../../engine/fault.ts'
import { type Address, scrubbed } from './address.ts'

interface DriverError extends Error {
  readonly code?: unknown
  readonly codeName?: string
  readonly reason?: { readonly type?: string; readonly servers?: ReadonlyMap<string, ServerSeen> }
  readonly hasErrorLabel?: (label: string) => boolean
}
interface ServerSeen {
  readonly type?: string
  readonly setName?: string | null
  readonly error?: Error | null
}

const CODE = {
  cursorNotFound: 43,
  cursorKilled: 237,
  snapshotTooOld: 239,
  stalePlan: 175,
} as const

/** Server codes that may pass, from the driver specification "Retryable Reads" and of dead cursors. */
const PASSING = new Set<unknown>([
  6,
  7,
  64,
  89,
  91,
  134,
  189,
  262,
  9001,
  10107,
  11600,
  11602,
  13435,
  13436,
  CODE.cursorNotFound,
  CODE.cursorKilled,
  CODE.stalePlan,
  // Interrupted by an operator or a fail-over, exceeded memory of a moment, too many requests (Cosmos, Atlas).
  11601,
  50,
  16500,
])

const PASSING_NAMES =
  /^Mongo(?:Network|PoolCleared|WaitQueue|NotConnected|ServerClosed|OperationTimeout)|^PoolClearedOnNetworkError/

/** `started`: the cluster was reached before, so that a server that is not found may come back. */
export function mayPass(error: unknown, started: boolean): boolean {
  const { name = '', code, hasErrorLabel } = (error ?? {}) as DriverError
  if (name === 'MongoServerSelectionError') return started
  // A server was found before each of these. The last one, of a request whose connection another one's
  // error closed, lacks the prefix.
  if (PASSING_NAMES.test(name)) return true
  return PASSING.has(code) || (hasErrorLabel?.call(error, 'RetryableError') ?? false)
}

/** What the code of a server's answer means: kind, the sentence's end, what to do. */
const KNOWN: Readonly<Record<string, readonly [FaultKind, string, string]>> = {
  18: [
    'resource',
    'the user or the password was refused',
    'check both; a user of another database needs ?authSource=DATABASE in the URI, most often admin',
  ],
  13: [
    'resource',
    'the user may not read it',
    'grant the role read on the database: db.grantRolesToUser(USER, [{ role: "read", db: DATABASE }])',
  ],
  239: [
    'resource',
    'the snapshot is no longer kept by the server',
    'raise minSnapshotHistoryWindowInSeconds on the server, read with more workers, or read without snapshot',
  ],
  246: ['resource', 'the server has no snapshot at that time', 'run it again'],
  26: ['resource', 'it does not exist', 'check the database and the collection'],
  27: ['resource', 'the index was dropped while it was read', 'run it again'],
  166: [
    'pipeline',
    'it is a view, which has no index to split by',
    'read the collection that the view is over, and do its work in the pipeline',
  ],
  292: [
    'resource',
    'sorting took more memory than the server allows',
    'give splitBy, and the incremental field, an index',
  ],
}

export function mongoFault(error: unknown, address: Address, doing: string): Fault {
  if (error instanceof Fault) return error
  const { name = '', message = String(error), code, codeName } = error as DriverError
  const what = `${address.shown} cannot be ${doing}`
  const answered = scrubbed(address, message)
  const coded = typeof code === 'number' ? `${codeName ?? 'code'} (${code}): ` : ''
  const detail = [`answered  ${coded}${answered}`]
  const known = authFailed(error) ? KNOWN[18] : KNOWN[String(code)]
  const cause = { detail }
  if (known) return new Fault(known[0], `${what}: ${known[1]}`, { ...cause, hint: known[2] })
  if (name === 'MongoServerSelectionError') return notFound(error as DriverError, what, detail)
  if (/^Mongo(?:Parse|InvalidArgument|API|MissingCredentials|MissingDependency)/.test(name))
    return new Fault('pipeline', `${what}: its URI or options are refused by the driver`, {
      ...cause,
      hint: 'see the options of a MongoDB connection string',
    })
  if (/^Mongo(?!Server)/.test(name))
    return new Fault('resource', `${what}: the connection broke`, {
      ...cause,
      hint: 'check the network and the servers, then run again',
    })
  if (name.startsWith('Mongo'))
    return new Fault('resource', `${what}: the server refused`, {
      ...cause,
      hint: 'the server says why; check its log',
    })
  return new Fault('engine', `${what}: ${answered}`, { cause: error })
}

const authFailed = (error: unknown): boolean =>
  /authentication failed|bad auth/i.test((error as Error).message ?? '')

/** No server that fits was found: each that was asked says why. */
function notFound({ reason }: DriverError, what: string, detail: readonly string[]): Fault {
  const seen = [...(reason?.servers ?? [])]
  const each = seen.map(
    ([host, { type, setName, error }]) =>
      `server    ${host}: ${error?.message ?? `${type}${setName ? ` of set ${setName}` : ''}`}`,
  )
  const said = each.join(' ')
  const hint = /ENOTFOUND|EAI_AGAIN|querySrv/.test(said + detail.join(' '))
    ? 'the host is not known: check its name'
    : /ECONNREFUSED/.test(said)
      ? 'nothing listens there: check host and port, and that the server runs'
      : /replica ?set|setName/i.test(said) || /^ReplicaSet/.test(reason?.type ?? '')
        ? 'check replicaSet=… in the URI, and that the set has a member for this read preference'
        : 'check host, port, firewall and TLS options'
  return new Fault('resource', `${what}: no server of it was found`, {
    // Of one server, what it said is what was answered.
    detail: [...detail, ...(seen.length > 1 || detail.length === 0 ? each.slice(0, 5) : [])],
    hint,
  })
}
