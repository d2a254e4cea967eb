/**
 * How each service refuses a request that may be tried again, as its reference shapes it: Google's JSON
 * errors, S3's XML.
 */
export type Dialect = 'gcs' | 's3' | 'bigquery' | 'http'
export interface Refusal {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** Google: status → reason and domain of `errors[0]`. BigQuery's rate limits come with 403. */
const GOOGLE: Readonly<Record<string, readonly [string, string, string]>> = {
  '429': ['rateLimitExceeded', 'usageLimits', 'The rate limit is exceeded. Please retry later.'],
  '403': [
    'rateLimitExceeded',
    'usageLimits',
    'Exceeded rate limits: too many table update operations',
  ],
  '500': ['internalError', 'global', 'An internal error occurred. Please try again.'],
  '503': ['backendError', 'global', 'Backend error. Please try again.'],
}
/** S3 has no 429: its rate limit is a 503 as well. */
const S3: Readonly<Record<string, readonly [number, string, string]>> = {
  '429': [503, 'SlowDown', 'Please reduce your request rate.'],
  '500': [500, 'InternalError', 'We encountered an internal error. Please try again.'],
  '503': [503, 'ServiceUnavailable', 'Service is unable to handle request.'],
}

export function refusalOf(kind: '429' | '500' | '503', dialect: Dialect): Refusal {
  if (dialect === 'http') return { status: Number(kind), type: 'text/plain', body: `${kind}\n` }
  if (dialect === 's3') {
    const [status, code, message] = S3[kind]!
    const error = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`
    return { status, type: 'application/xml', body: `<?xml version="1.0"?>\n${error}` }
  }
  return googleRefusal(dialect === 'bigquery' && kind === '429' ? '403' : kind)
}

function googleRefusal(status: string): Refusal {
  const [reason, domain, message] = GOOGLE[status]!
  return googleError(Number(status), reason, message, domain)
}

/** An error as Google's JSON interfaces shape it. */
export function googleError(
  code: number,
  reason: string,
  message: string,
  domain = 'global',
): Refusal {
  const error = { code, message, errors: [{ message, domain, reason }] }
  return { status: code, type: 'application/json; charset=UTF-8', body: JSON.stringify({ error }) }
}
