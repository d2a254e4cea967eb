/**
 * What BigQuery answers when it refuses, told by its `reason`, which is the same for requests and for
 * jobs: is it of a moment (the same again may succeed), and what is to be done. From the service's
 * table of error messages.
 */
import { Fault, type FaultKind } from '../../../engine/fault.ts'
import { retryAfterMs } from '../retry/retry.ts'

/** One of a job's or an answer's errors. */
export interface ErrorProto {
  readonly reason?: string
  readonly location?: string
  readonly message?: string
}

interface Meaning {
  readonly kind: FaultKind
  /** The same again, a little later, may succeed. */
  readonly passing?: boolean
  readonly hint?: string
}

const PASSING: Meaning = {
  kind: 'resource',
  passing: true,
  hint: 'the service did not recover in time: run again later',
}
const LOG_IN =
  'log in with `gcloud auth application-default login`, or let GOOGLE_APPLICATION_CREDENTIALS name a key file'
const GRANT =
  'grant roles/bigquery.jobUser on the project and roles/bigquery.dataEditor on the data set'
const MEANINGS: Readonly<Record<string, Meaning>> = {
  backendError: PASSING,
  internalError: PASSING,
  jobBackendError: PASSING,
  jobInternalError: PASSING,
  rateLimitExceeded: PASSING,
  jobRateLimitExceeded: PASSING,
  tableUnavailable: PASSING,
  timeout: PASSING,
  quotaExceeded: {
    kind: 'resource',
    hint: 'a quota is used up: wait (daily ones return within 24 h), load less often, or ask for more',
  },
  accessDenied: {
    kind: 'resource',
    hint: GRANT,
  },
  authError: { kind: 'resource', hint: LOG_IN },
  billingNotEnabled: { kind: 'resource', hint: 'enable billing for the project' },
  billingTierLimitExceeded: { kind: 'resource' },
  blocked: { kind: 'resource', hint: 'the service refuses this project for now: ask its support' },
  resourcesExceeded: {
    kind: 'resource',
    hint: 'write fewer rows a run',
  },
  responseTooLarge: { kind: 'resource' },
  stopped: { kind: 'resource', hint: 'the job was cancelled: run again' },
  notFound: { kind: 'resource', hint: 'create it, or mend its name; look at its location too' },
  duplicate: { kind: 'resource' },
  invalid: { kind: 'data' },
  invalidQuery: { kind: 'data' },
  badRequest: { kind: 'data' },
}

/** Told as invalidQuery, though another transaction was merely faster. */
const CONFLICT = /aborted due to concurrent update|serialize access to table .* concurrent update/i
/** Told as invalid. */
const APART = /read and write in different locations/i
/** Of these the reason alone tells whether the same again may succeed. */
const REASONED = [400, 403]
const PASSING_CODES = [408, 429, 500, 502, 503, 504]
const PASSING_NETWORK =
  /^(?:ECONNRESET|ECONNREFUSED|ECONNABORTED|ETIMEDOUT|EPIPE|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_STREAM_PREMATURE_CLOSE|UND_ERR_\w+)$|socket hang up|network timeout|premature close|aborted|other side closed|fetch failed|terminated/i

/** A refusal, or a connection that broke. */
export class ApiFailure extends Error {
  /** HTTP status; 0 where there was no answer. */
  readonly code: number
  readonly reason: string
  readonly errors: readonly ErrorProto[]
  readonly retryAfterMs: number
  readonly passing: boolean
  /** A refusal whose reason was not heard, as where its body broke off: it may be one that passes. */
  readonly untold: boolean
  /** Another transaction was faster: the same again will do, once that one has ended. */
  readonly conflict: boolean

  constructor(error: {
    code: number
    errors: readonly ErrorProto[]
    message: string
    retryAfterMs?: number
    broken?: boolean
    untold?: boolean
  }) {
    super(error.message)
    this.code = error.code
    this.errors = error.errors
    this.reason = error.errors[0]?.reason ?? ''
    this.retryAfterMs = error.retryAfterMs ?? 0
    const known = Object.hasOwn(MEANINGS, this.reason) ? MEANINGS[this.reason] : undefined
    const byCode = known === undefined && PASSING_CODES.includes(this.code)
    this.conflict = CONFLICT.test(error.message)
    this.untold = error.untold === true
    this.passing = error.broken === true || known?.passing === true || byCode || this.conflict
  }
}

/** A job that ended in an error, as a failure. */
export const jobFailure = (errors: readonly ErrorProto[]): ApiFailure =>
  new ApiFailure({ code: 0, errors, message: errors[0]?.message ?? 'no message' })

/** Whatever the client threw. */
export function failureOf(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error
  const e = error as {
    code?: unknown
    status?: unknown
    message?: string
    errors?: ErrorProto[]
    response?: { headers?: unknown; status?: unknown; statusCode?: number }
  }
  const status = Number(e.response?.status ?? e.status ?? e.code)
  const code = Number.isInteger(status) ? status : 0
  // The client's list of errors is empty where the body was no whole JSON.
  const silent = code >= 400 && e.errors?.length === 0
  const said = String(e.message ?? error).split('\n')[0] as string
  const message = silent ? `the service answered HTTP ${code}, its reason did not come` : said
  return new ApiFailure({
    code,
    errors: e.errors ?? [],
    message: e.errors?.[0]?.message ?? message,
    retryAfterMs: askedMs(e.response?.headers),
    untold: silent && REASONED.includes(code),
    broken: code === 0 && (isNetwork(e) || Number(e.response?.statusCode) < 300),
  })
}

const isNetwork = ({ code, message = '' }: { code?: unknown; message?: string }): boolean =>
  PASSING_NETWORK.test(String(code)) || PASSING_NETWORK.test(message)

/** At most ten minutes are believed. */
function askedMs(headers: unknown): number {
  const got =
    headers instanceof Headers
      ? headers.get('retry-after')
      : (headers as Record<string, string> | undefined)?.['retry-after']
  return Math.min(retryAfterMs(got) ?? 0, 600_000)
}

const ERRORS_SHOWN = 10

/** Credentials that are not there, not readable or expired: told by the client, or by the service as 401. */
const hasNoLogin = ({ code, message }: ApiFailure): boolean =>
  code === 401 ||
  /could not load the default credentials|credential file|invalid_grant|invalid_rapt|token (?:is|has) (?:been )?expired/i.test(
    message,
  )

/** As a fault: `subject` opens the message; every error of the answer is in its detail. */
export function faultOf(
  failure: ApiFailure,
  subject: string,
  o: { readonly at?: string; readonly detail?: readonly string[]; readonly hint?: string } = {},
): Fault {
  const { reason, code } = failure
  const known = Object.hasOwn(MEANINGS, reason) ? MEANINGS[reason] : undefined
  const byCode: Meaning = hasNoLogin(failure)
    ? { kind: 'resource', hint: LOG_IN }
    : { kind: code === 400 ? 'data' : 'resource', ...(code === 403 ? { hint: GRANT } : {}) }
  const { kind, hint } = known ?? (failure.passing ? PASSING : byCode)
  const shown = failure.errors.slice(0, ERRORS_SHOWN).map(e => lineOf(e, failure))
  const more = failure.errors.length - shown.length
  const apart = APART.test(failure.message)
  const told = o.hint ?? (apart ? 'use a staging bucket in the location of the data set' : hint)
  return new Fault(kind, `${subject}: ${failure.message}`, {
    cause: failure,
    detail: [
      ...(shown.length === 0 && code > 0 ? [`BigQuery answered  ${code}`] : shown),
      ...(more > 0 ? [`and   ${more} more errors`] : []),
      ...(o.detail ?? []),
    ],
    ...(o.at ? { at: o.at } : {}),
    ...(told === undefined ? {} : { hint: told }),
  })
}

/** What the fault's own message says is not said again. */
function lineOf(error: ErrorProto, { code, message: told }: ApiFailure): string {
  const { reason = 'error', location, message = '' } = error
  const status = code > 0 ? `${code} ` : ''
  const more = message === told ? '' : `: ${message.split('\n')[0]}`
  return `BigQuery answered  ${status}${reason}${location ? ` at ${location}` : ''}${more}`
}
