/**
 * What a service answered as a Fault: the system, the resource, its answer, and what to do about it.
 * Who can mend it decides the kind: credentials, rights and outages are the operator's (`resource`), an
 * object that is gone or another one by now the data owner's (`data`).
 */
import { Fault, redactUri } from '../../../engine/fault.ts'
import { answerOf, type ServiceAnswer } from './answer.ts'
import { attemptsOf } from './retry.ts'
import { type Scheme, schemeOf } from './uri.ts'

export const SYSTEMS: { readonly [S in Scheme]: string } = {
  gs: 'Google Cloud Storage',
  s3: 'S3',
  https: 'HTTP',
}

/** Roles or actions that grant what was refused, by what was tried. */
const GRANTS = {
  gs: {
    list: 'storage.objects.list (roles/storage.objectViewer)',
    read: 'storage.objects.get (roles/storage.objectViewer)',
    write: 'storage.objects.create and storage.objects.delete (roles/storage.objectUser)',
  },
  s3: {
    list: 's3:ListBucket on the bucket',
    read: 's3:GetObject on its objects, and s3:ListBucket on the bucket',
    write: 's3:PutObject, s3:AbortMultipartUpload and s3:DeleteObject on its objects',
  },
} as const

export type Doing = 'list' | 'read' | 'write'

const DONE: { readonly [D in Doing]: string } = {
  list: 'listed',
  read: 'read',
  write: 'written',
}

/** The fault for a request about `uri` that failed for good; a fault stays as it is. */
export function storeFault(error: unknown, uri: string, doing: Doing): Fault {
  if (error instanceof Fault) return error
  const answer = answerOf(error)
  const scheme = schemeOf(uri)
  const attempts = attemptsOf(error)
  // A prefix that was listed may be the URI of one object, with a slash.
  const shown = redactUri(doing === 'list' ? uri.replace(/\/$/, '') : uri)
  const hint = hintFor(answer, { scheme, uri, doing })
  return new Fault('resource', `${shown} cannot be ${DONE[doing]}: ${why(answer)}`, {
    detail: [
      `${SYSTEMS[scheme]} answered  ${said(answer)}`,
      ...(attempts > 1 ? [`tried  ${attempts} times`] : []),
    ],
    ...(hint === null ? {} : { hint }),
    cause: error,
  })
}

/** `403 AccessDenied: the message`. */
export function said({ status, code, message }: ServiceAnswer): string {
  const parts = [status, code].filter(part => part !== null && part !== '').map(String)
  const head = [...new Set(parts)].join(' ')
  return redactUri(head === '' || message.startsWith(head) ? message : `${head}: ${message}`)
}

const isExpired = ({ code, message }: ServiceAnswer): boolean =>
  /^(?:ExpiredToken|ExpiredTokenException|TokenRefreshRequired|RequestExpired)$/.test(code) ||
  /invalid_grant|invalid_rapt|token (?:is|has) expired|expired token|provided token has expired/i.test(
    `${code} ${message}`,
  )

const hasNoCredentials = ({ code, message }: ServiceAnswer): boolean =>
  /^(?:CredentialsProviderError|TokenProviderError)$/.test(code) ||
  /could not load (?:the default )?credentials|could not load credentials/i.test(message)

const isElsewhere = ({ status, code }: ServiceAnswer): boolean =>
  [301, 307].includes(status ?? 0) ||
  /^(?:PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/.test(
    code,
  )

const isWrongKey = ({ code }: ServiceAnswer): boolean =>
  /^(?:InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken)$/.test(code)

/** The same request is refused again. */
const isRefused = ({ status }: ServiceAnswer): boolean =>
  status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429

function why(answer: ServiceAnswer): string {
  if (hasNoCredentials(answer)) return 'there are no credentials'
  if (isExpired(answer)) return 'the credentials have expired'
  if (isElsewhere(answer)) return 'the bucket lies in another region'
  if (isWrongKey(answer)) return 'the access key is not accepted'
  if (answer.status === 401) return 'the credentials are not accepted'
  if (answer.status === 403) return 'permission is denied'
  if (answer.code === 'NoSuchBucket' || answer.status === 404) return 'there is no such bucket'
  if (answer.code === 'ENOTFOUND') return 'its host is not known'
  if (answer.code === 'ECONNREFUSED') return 'nothing listens there'
  if (answer.status === 429 || /SlowDown|Throttl|rateLimit/i.test(answer.code))
    return 'the service asks for fewer requests'
  if (isRefused(answer)) return 'the service refuses the request'
  return answer.status === null ? 'no answer came' : 'the service failed'
}

interface About {
  readonly scheme: Scheme
  readonly uri: string
  readonly doing: Doing
}

function hintFor(answer: ServiceAnswer, about: About): string | null {
  const { scheme } = about
  if (hasNoCredentials(answer) || isExpired(answer) || answer.status === 401) return logIn(scheme)
  if (isElsewhere(answer)) return otherRegion(answer)
  if (isWrongKey(answer)) return `check the key, the secret and the endpoint, or ${logIn(scheme)}`
  if (/region is missing/i.test(answer.message)) return 'set AWS_REGION, or region in the profile'
  if (answer.status === 403) return grant(about)
  if (answer.code === 'NoSuchBucket' || answer.status === 404)
    return scheme === 'https'
      ? 'check the URL'
      : 'check the name of the bucket, and the project or account'
  if (answer.code === 'ENOTFOUND' || answer.code === 'ECONNREFUSED') return endpoint(scheme)
  if (isRefused(answer))
    return 'the same again is refused too: check the URI, the region and the endpoint'
  return 'the service may be overloaded or unreachable: run again later'
}

function logIn(scheme: Scheme): string {
  if (scheme === 'gs')
    return 'log in with `gcloud auth application-default login`, or let GOOGLE_APPLICATION_CREDENTIALS name a key file'
  if (scheme === 's3')
    return 'log in with `aws sso login`, or renew AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN or the profile'
  return 'the server asks for a login: sign the URL, or read a copy'
}

function otherRegion({ headers, message }: ServiceAnswer): string {
  const region = headers['x-amz-bucket-region'] ?? /expecting ['"]([\w-]+)['"]/.exec(message)?.[1]
  return region === undefined
    ? 'set AWS_REGION to the region of the bucket (aws s3api get-bucket-location tells it)'
    : `set AWS_REGION=${region}`
}

function grant({ scheme, doing }: About): string {
  if (scheme === 'https') return 'the server denies it: sign the URL, or read a copy'
  return `grant ${GRANTS[scheme][doing]}`
}

function endpoint(scheme: Scheme): string {
  if (scheme === 'gs') return 'check the network, and STORAGE_EMULATOR_HOST where it is set'
  if (scheme === 's3')
    return 'check the network, AWS_REGION, and AWS_ENDPOINT_URL_S3 where it is set'
  return 'check the URL and the network'
}

/** The fault for an object that is another one than was planned. `now`: what stands there; null: nothing. */
export function overwritten(uri: string, planned: string, now: string | null): Fault {
  const shown = redactUri(uri)
  const word = schemeOf(uri) === 'gs' ? 'generation' : 'etag'
  const message =
    now === null
      ? `${shown} is gone: it was there when the run was planned (${word} ${planned})`
      : `${shown} was overwritten: ${word} ${planned} was planned, ${word} ${now} stands there now`
  return new Fault('data', message, {
    hint: 'run it again once nobody writes to its inputs any more, or read a copy',
  })
}

/** The fault for an object whose bytes are not those that the service promised. */
export function damaged(uri: string, what: string): Fault {
  return new Fault('data', `${redactUri(uri)} came damaged: ${what}`, {
    hint: 'run it again; where it stays so, the object was stored damaged: write it again',
  })
}
