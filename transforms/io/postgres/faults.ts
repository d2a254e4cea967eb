/**
 * What Postgres answers, as faults. The SQLSTATE decides who can mend it (appendix A of its manual); a
 * connection that breaks is the operator's, and worth a retry.
 */
import { Fault, type FaultKind } from '../../../engine/fault.ts'

/** As `pg` reports a server's error, or the system a socket's. */
interface PgError {
  readonly code?: string
  readonly message?: string
  readonly detail?: string
  readonly hint?: string
  readonly where?: string
  readonly column?: string
}

/** Sockets that break, servers that stop or are full: another attempt may do. */
const PASSING =
  /^(?:08|57P0|53300|40001|40P01)|^(?:ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)/
const BROKEN =
  /terminated unexpectedly|connection (?:timeout|timed out|terminated)|timeout expired|not queryable|was closed|socket hang up/i

const SIGNED = 'give the certificate of who signs the server’s as sslrootcert=FILE in the URI'
const HINTS: Readonly<Record<string, string>> = {
  '28P01': 'check PGPASSWORD, ~/.pgpass or the password of the URI',
  '28000': 'check the user of the URI, and what pg_hba.conf lets it do',
  '3D000': 'check the name of the database in the URI',
  '42501': 'grant the role what is missing',
  '53300': 'the server takes no more connections: give fewer --workers, or raise max_connections',
  '53100': 'the disk of the server is full',
  '57014': 'a time limit of the server or the role ended it: raise statement_timeout',
  '57P01': 'the server was stopped: run it again once it is back',
  '57P03': 'the server is starting or stopping: run it again in a while',
  '22021': 'Postgres stores no zero byte in a text: remove it first',
  '22P05': 'the encoding of the database lacks a character: use a database in UTF8',
  '54000': 'a row or value is larger than Postgres can send (1 GB)',
  '25006': 'this server is read-only: give the address of the primary',
  '2BP01': 'something depends on the table: change or drop it first',
  DEPTH_ZERO_SELF_SIGNED_CERT: SIGNED,
  SELF_SIGNED_CERT_IN_CHAIN: SIGNED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: SIGNED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: SIGNED,
  ERR_TLS_CERT_ALTNAME_INVALID: 'use a name that the certificate of the server has',
  ECONNREFUSED: 'no server listens there: check host and port, and that it runs',
  ENOTFOUND: 'no such host: check the address',
}
/** What the server itself answers has such a code; a socket, a certificate another. */
const SQLSTATE = /^[0-9A-Z]{5}$/
/** Of classes whose codes all have the same remedy. */
const RESOURCE = /^(?:28|3D|42501|53|54|55|57|58|XX|25006)/

/** Whether the same thing may go well when it is tried again. */
export function passing(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as PgError
  return code === '' ? BROKEN.test(message) : PASSING.test(code)
}

/** The same of a fault, by what caused it. */
export const mayPass = (fault: unknown): boolean =>
  fault instanceof Fault && fault.kind === 'resource' && passing(fault.cause)

/** `what`: what could not be done, as a sentence begins: `table orders cannot be read`. */
export function pgFault(
  error: unknown,
  what: string,
  o: { at?: string; sql?: string } = {},
): Fault {
  if (error instanceof Fault) return error
  const { code = '', message = String(error), detail, hint, where } = (error ?? {}) as PgError
  const said = message.split('\n')[0] as string
  const advice = HINTS[code] ?? hint
  return new Fault(kindOf(code, error), `${what}: ${said}`, {
    detail: [
      `said  ${SQLSTATE.test(code) ? 'postgres' : 'the connection'}, ${code === '' ? 'without a code' : code}`,
      ...(detail === undefined ? [] : [`      ${clip(detail)}`]),
      ...(where === undefined ? [] : [`where ${clip(where)}`]),
      ...(o.sql === undefined ? [] : [`sql   ${clip(o.sql)}`]),
    ],
    cause: error,
    ...(o.at === undefined ? {} : { at: o.at }),
    ...(advice === undefined ? {} : { hint: advice }),
  })
}

function kindOf(code: string, error: unknown): FaultKind {
  const told = SQLSTATE.test(code)
  return passing(error) || !told || RESOURCE.test(code) ? 'resource' : 'data'
}

const SHOWN = 400
const clip = (text: string): string => {
  const line = text.replaceAll('\n', ' ')
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line
}
