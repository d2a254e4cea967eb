/**
 * Files behind a web server: one URL is one file. It is read by ranges where the server takes them, and
 * as a whole otherwise. Pinned by its etag, or by its date where it has none.
 */
import { Fault, redactUri } from '../../../engine/fault.ts'
import { answerOf, ServiceError } from './answer.ts'
import { overwritten, storeFault } from './errors.ts'
import { bodyOf, type HttpAnswer, succeed } from './http.ts'
import { ranged } from './ranged.ts'
import { type Asking, type Filling, isPart, pour, received, type Receiving } from './receive.ts'
import { retried } from './retry.ts'
import type { ObjectReader, StoredObject } from './store.ts'

const REDIRECTS_MAX = 5
const SMALL_BYTES_MAX = 64 << 20
const REDIRECTS = [301, 302, 303, 307, 308]

type Answered = Pick<HttpAnswer, 'status' | 'headers'> & Partial<Pick<HttpAnswer, 'body'>>

export const httpsReader: ObjectReader = {
  scheme: 'https',

  // biome-ignore lint/correctness/useYield: a web server has no list to give
  async *list(prefix) {
    throw new Fault('pipeline', `${redactUri(prefix)}: a web server does not list its files`, {
      hint: 'name each file by its own URL',
    })
  },

  /** By the head of an answer to one byte: many servers refuse HEAD, and signed URLs are for GET. */
  async stat(uri) {
    try {
      const known = [...REDIRECTS, 416]
      const answer = await retried(signal =>
        follow(uri, 'bytes=0-0', asking => succeed({ ...asking, signal }, known)),
      )
      answer.body.destroy()
      return objectOf(uri, answer)
    } catch (error) {
      const { status } = answerOf(error)
      if (status === 404 || status === 410) return null
      throw storeFault(error, uri, 'read')
    }
  },

  async read(object, start, into, o) {
    try {
      await ranged((range, receiving) => askFor(object, range, receiving), { start, into }, o)
    } catch (error) {
      if (answerOf(error).status === 404) throw overwritten(object.uri, object.version, null)
      throw storeFault(error, object.uri, 'read')
    }
  },

  async get(uri) {
    try {
      return await retried(async signal => {
        const answer = await follow(uri, undefined, asking =>
          succeed({ ...asking, signal }, REDIRECTS),
        )
        const bytes = await bodyOf(answer, SMALL_BYTES_MAX)
        return { bytes, version: versionOf(answer.headers) }
      })
    } catch (error) {
      if (answerOf(error).status === 404) return null
      throw storeFault(error, uri, 'read')
    }
  },
}

async function askFor(
  object: StoredObject,
  { start, end }: { readonly start: number; readonly end: number },
  receiving: Receiving,
): Promise<Filling> {
  const { uri, version, bytes } = object
  const whole = start === 0 && end === bytes
  const range = whole ? undefined : `bytes=${start}-${end - 1}`
  const accepts: Receiving['accepts'] = head =>
    versionOf(head.headers) === version && (whole || (head.status === 206 && isPart(range, head)))
  const answer = await follow<Filling | HttpAnswer>(uri, range, asking =>
    received(asking, { ...receiving, accepts }, REDIRECTS),
  )
  if ('filled' in answer) return answer
  if (accepts(answer)) return pour(answer, receiving)
  answer.body.destroy()
  const now = versionOf(answer.headers)
  if (now !== version) throw overwritten(uri, version, now)
  throw new Fault('resource', `${redactUri(uri)} cannot be read by ranges`, {
    detail: [`HTTP answered  ${answer.status} to a request for bytes ${start} to ${end}`],
    hint: 'the server does not take ranges: copy the file first',
  })
}

/** Follows redirects, which signed downloads are made of. */
async function follow<A extends Answered>(
  uri: string,
  range: string | undefined,
  ask: (asking: Asking) => Promise<A>,
): Promise<A> {
  let url = uri
  const headers = { 'accept-encoding': 'identity', ...(range === undefined ? {} : { range }) }
  for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
    // What a URL may not hold as it is, is escaped.
    const answer = await ask({ url: new URL(url).href.replace(/#.*$/, ''), headers })
    if (!REDIRECTS.includes(answer.status)) return answer
    answer.body?.destroy()
    url = new URL(answer.headers.location ?? '', url).href
  }
  const message = `more than ${REDIRECTS_MAX} redirects`
  throw new ServiceError({ status: null, code: '', message, headers: {} })
}

function objectOf(uri: string, { status, headers }: HttpAnswer): StoredObject {
  const total = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1]
  const length = total ?? (status === 200 ? headers['content-length'] : undefined)
  if (length === undefined)
    throw new Fault('resource', `${redactUri(uri)}: the server does not tell its length`, {
      hint: 'copy the file first',
    })
  const modified = Date.parse(headers['last-modified'] ?? '')
  return {
    uri,
    bytes: Number(length),
    version: versionOf(headers),
    modified: Number.isNaN(modified) ? 0 : modified,
  }
}

/** Two answers of one version have the same; '' where the server tells nothing. */
const versionOf = (headers: Readonly<Record<string, string>>): string =>
  headers.etag ?? headers['last-modified'] ?? ''
