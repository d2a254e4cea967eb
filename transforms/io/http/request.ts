/**
 * One request of a page: redirects, timeout, bounds, and what each answer means. Secrets go to the
 * host that the user named: after a redirect or a link to another one they are left out.
 */
import { Fault, redactUri } from '../../../engine/fault.ts'
import type { Bytes } from '../files/fields.ts'
import type { Given, HttpChoices } from './options.ts'
import { SLACK } from './page-walk.ts'
import { retryAfterMs } from '../retry/retry.ts'
import { Passing } from './retry.ts'
import { hidden, givenText } from './secrets.ts'

export interface Answer {
  /** The body, with room behind it. */
  readonly bytes: Bytes
  readonly length: number
  /** Where it came from in the end: what relative links are relative to. */
  readonly url: string
  readonly link: string | null
  /** The service's clock. */
  readonly date: string | null
  readonly type: string
  /** False where the service says that there is none (204). */
  readonly content: boolean
}

const REDIRECTS_MAX = 5
const SHOWN = 300
/** Of an answer that is no page, so much is read to be shown. */
const REFUSAL_BYTES = 4096
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504])
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/**
 * Asks for one page, once.
 *
 * Throws  Passing: 408, 425, 429, 5xx, the network, the time; resource: another status; data: too large
 */
export async function ask(
  url: URL,
  o: { readonly home: string; readonly choices: HttpChoices; readonly signal: AbortSignal },
): Promise<Answer> {
  const { timeoutMs } = o.choices
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = AbortSignal.any([o.signal, timeout])
  try {
    const { response, at } = await followed(url, { ...o, signal })
    if (!response.ok) throw await refused(response, { ...o, url: at })
    return await pageOf(response, { ...o, url: at })
  } catch (error) {
    if (error instanceof Fault || error instanceof Passing || o.signal.aborted) throw error
    throw passing(error, broken(url, error, { ...o, late: timeout.aborted }))
  }
}

/** Where to show it: without what is secret. */
export const shown = (url: URL | string, { query, headers }: HttpChoices): string =>
  redactUri(hidden(String(url), [...query, ...headers]))

async function followed(
  url: URL,
  o: { home: string; choices: HttpChoices; signal: AbortSignal },
): Promise<{ response: Response; at: URL }> {
  let at = url
  for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
    const headers = headersFor(at, o)
    const response = await fetch(at, { headers, redirect: 'manual', signal: o.signal })
    const to = REDIRECTS.has(response.status) ? response.headers.get('location') : null
    if (to === null) return { response, at }
    await response.body?.cancel()
    at = safeUrl(to, at, o.choices)
  }
  throw new Fault('resource', `${shown(url, o.choices)} redirects more than ${REDIRECTS_MAX} times`)
}

/**
 * A link of the service, taken relative to `base`. A service behind a proxy often writes http for
 * its own https: on the same host it stays https.
 *
 * Throws  data: no web address, or from https to http elsewhere
 */
export function safeUrl(link: string, base: URL, choices: HttpChoices): URL {
  let to: URL
  try {
    to = new URL(link, base)
  } catch {
    throw new Fault(
      'data',
      `${shown(base, choices)} leads to ${JSON.stringify(link.slice(0, 80))}, which is no address`,
    )
  }
  const lower = base.protocol === 'https:' && to.protocol === 'http:'
  if (lower && to.hostname === base.hostname && to.port === '') to.protocol = 'https:'
  else if (lower || !/^https?:$/.test(to.protocol))
    throw new Fault(
      'data',
      `${shown(base, choices)} leads to ${shown(to, choices)}, which is not safe`,
      {
        hint: 'an https source is read from https addresses alone',
      },
    )
  return to
}

function headersFor(url: URL, { home, choices }: { home: string; choices: HttpChoices }): Headers {
  const headers = new Headers({ accept: 'application/json', 'user-agent': 'millrace' })
  for (const [name, given] of choices.headers)
    if (typeof given === 'string' || url.origin === home) headers.set(name, headerText(given))
  return headers
}

/** Throws resource: a header cannot have the value, such as one with a line break at its end. */
function headerText(given: Given): string {
  const text = givenText(given)
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) return text
  const what = typeof given === 'string' ? 'a header' : `environment variable ${given.env}`
  throw new Fault('resource', `${what} holds characters that no header may have`, {
    hint: 'is there a line break at its end?',
  })
}

async function refused(
  response: Response,
  o: { choices: HttpChoices; url: URL; home: string },
): Promise<Error> {
  const { status } = response
  const said = await textOf(response, REFUSAL_BYTES).catch(() => '')
  const fault = new Fault(
    'resource',
    `${shown(o.url, o.choices)} answered ${status} ${response.statusText}`.trim(),
    {
      detail:
        said === ''
          ? []
          : [`said  ${shown(said.replaceAll(/\s+/g, ' ').slice(0, SHOWN), o.choices)}`],
      hint: hintFor(status, o.url.origin === o.home),
    },
  )
  if (!PASSING.has(status)) return fault
  return new Passing(fault, { afterMs: retryAfterMs(response.headers.get('retry-after')) })
}

function hintFor(status: number, home: boolean): string {
  if (!home && (status === 401 || status === 403))
    return 'it is another host than that of the source, to which secrets are not sent'
  if (status === 401)
    return 'is the environment variable of the authorization header set and its value valid?'
  if (status === 403) return 'who asks may not read this: ask for the right, or give another token'
  if (status === 404 || status === 410) return 'check the address and option query'
  if (status === 429) return 'ask more slowly: set requestsPerSecond, or a longer deadline'
  return status >= 500
    ? 'the service is at fault: try later, or set a longer deadline'
    : 'check options query and headers'
}

/** The first bytes of an answer as text. */
async function textOf(response: Response, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= bytesMax) break
  }
  return Buffer.concat(chunks).toString('utf8', 0, bytesMax)
}

async function pageOf(response: Response, o: { choices: HttpChoices; url: URL }): Promise<Answer> {
  const { pageBytesMax } = o.choices
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    length += chunk.length
    if (length > pageBytesMax)
      throw new Fault('data', `${shown(o.url, o.choices)} is larger than ${pageBytesMax} bytes`, {
        hint: 'ask for smaller pages, or raise option pageBytesMax',
      })
  }
  const bytes = Buffer.concat(chunks, length + SLACK) as Bytes
  const { headers } = response
  return {
    bytes,
    length,
    url: o.url.href,
    link: headers.get('link'),
    date: headers.get('date'),
    type: headers.get('content-type') ?? '',
    content: response.status !== 204,
  }
}

/** A wrong name or certificate stays wrong, most often; what refuses connections may be starting. */
function passing(error: unknown, fault: Fault): Error {
  const { code = '', message = '' } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
  // Of ports that belong to other protocols Node asks none.
  if (/CERT|TLS|SSL/.test(code) || message === 'bad port') return fault
  const triesMax = code === 'ENOTFOUND' ? 3 : code === 'ECONNREFUSED' ? 8 : Infinity
  return new Passing(fault, { triesMax })
}

function broken(url: URL, error: unknown, o: { choices: HttpChoices; late: boolean }): Fault {
  const where = shown(url, o.choices)
  if (o.late)
    return new Fault('resource', `${where} did not answer in ${o.choices.timeoutMs / 1000} s`, {
      hint: 'set a longer timeout, or ask for smaller pages',
      cause: error,
    })
  const { cause } = error as { cause?: NodeJS.ErrnoException }
  const why =
    cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error))
  return new Fault('resource', `cannot read ${where}: ${shown(why, o.choices)}`, {
    hint: 'check the address and the network',
    cause: error,
  })
}
