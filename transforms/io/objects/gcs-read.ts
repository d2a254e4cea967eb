/**
 * Objects of Google Cloud Storage, through its JSON API with the client's own credentials. Each read is
 * pinned to the generation that was listed, and takes the bytes as they are stored: an object with
 * `Content-Encoding: gzip` is not inflated on the way.
 */
import { answerOf, ServiceError } from './answer.ts'
import { overwritten, storeFault } from './errors.ts'
import { gcsEndpoint, gcsHeaders, objectPath } from './gcs-client.ts'
import { bodyOf, type HttpAnswer, succeed } from './http.ts'
import { type Ask, ranged } from './ranged.ts'
import { type Asking, fill } from './receive.ts'
import { retried } from './retry.ts'
import type { ObjectReader, StoredObject } from './store.ts'
import { type ObjectPlace, placeOf, uriOf } from './uri.ts'

const PAGE = 1000
const PAGE_BYTES_MAX = 16 << 20
/** What `get` takes. */
const SMALL_BYTES_MAX = 64 << 20
const FIELDS = 'name,size,generation,updated,md5Hash,crc32c'

interface Facts {
  readonly name: string
  readonly size: string
  readonly generation: string
  readonly updated: string
  readonly md5Hash?: string
  readonly crc32c?: string
}

export const gcsReader: ObjectReader = {
  scheme: 'gs',

  async *list(prefix) {
    const place = placeOf(prefix)
    for (let token = ''; ; ) {
      const query = {
        prefix: place.name,
        fields: `items(${FIELDS}),nextPageToken`,
        maxResults: String(PAGE),
        ...(token === '' ? {} : { pageToken: token }),
      }
      const path = `/b/${encodeURIComponent(place.bucket)}/o`
      const page = (await asked(prefix, 'list', () => json(path, query))) as {
        items?: Facts[]
        nextPageToken?: string
      }
      yield (page.items ?? []).map(facts => objectOf(place, facts))
      token = page.nextPageToken ?? ''
      if (token === '') return
    }
  },

  async stat(uri) {
    const place = placeOf(uri)
    const path = objectPath(place.bucket, place.name)
    const facts = await asked(uri, 'read', () => orNull(json(path, { fields: FIELDS })))
    return facts === null ? null : objectOf(place, facts as unknown as Facts)
  },

  async read(object, start, into, o) {
    const { uri, version } = object
    const query = { alt: 'media', generation: version }
    const ask: Ask = async (range, receiving) =>
      fill(await asking(pathOf(uri), query, range), receiving)
    try {
      await ranged(ask, { start, into }, o)
    } catch (error) {
      const { status } = answerOf(error)
      if (status === 404 || status === 412 || status === 416)
        await gcsReader.stat(uri).then(now => throwChanged(object, now))
      throw storeFault(error, uri, 'read')
    }
  },

  async get(uri) {
    return asked(uri, 'read', () =>
      orNull(
        retried(async signal => {
          const answer = await ask(pathOf(uri), { alt: 'media' }, { signal })
          const bytes = await bodyOf(answer, SMALL_BYTES_MAX)
          return { bytes, version: answer.headers['x-goog-generation'] ?? '' }
        }),
      ),
    )
  },
}

function throwChanged({ uri, version }: StoredObject, now: StoredObject | null): void {
  if (now?.version !== version) throw overwritten(uri, version, now?.version ?? null)
}

function pathOf(uri: string): string {
  const { bucket, name } = placeOf(uri)
  return objectPath(bucket, name)
}

async function asked<T>(uri: string, doing: 'list' | 'read', act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw storeFault(error, uri, doing)
  }
}

/** A bucket that is not there answers 404 as an object does, and says so. */
function orNull<T>(asking: Promise<T>): Promise<T | null> {
  return asking.catch((error: unknown) => {
    const { status, message } = answerOf(error)
    if (status === 404 && !/bucket does not exist/i.test(message)) return null
    throw error
  })
}

async function json(
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, unknown>>> {
  return retried(async signal => {
    const answer = await ask(path, query, { signal })
    return parsed(await bodyOf(answer, PAGE_BYTES_MAX), answer)
  })
}

/** An answer that is cut short though its length agrees may come whole the next time. */
function parsed(body: Buffer, { status, headers }: HttpAnswer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    const message = `not JSON: ${(cause as Error).message}`
    throw new ServiceError({ status, code: 'IncompleteBody', message, headers })
  }
}

async function ask(
  path: string,
  query: Readonly<Record<string, string>>,
  { signal }: { signal: AbortSignal },
): Promise<HttpAnswer> {
  return succeed({ ...(await asking(path, query)), signal })
}

async function asking(
  path: string,
  query: Readonly<Record<string, string>>,
  range?: { readonly start: number; readonly end: number },
): Promise<Asking> {
  const url = `${gcsEndpoint().api}${path}?${new URLSearchParams(query)}`
  const headers = {
    ...(await gcsHeaders(url)),
    ...(query.alt === 'media'
      ? { 'accept-encoding': 'gzip', 'cache-control': 'no-transform' }
      : {}),
    ...(range && { range: `bytes=${range.start}-${range.end - 1}` }),
  }
  return { url, headers }
}

function objectOf(place: ObjectPlace, facts: Facts): StoredObject {
  const { md5Hash, crc32c } = facts
  // Every object has a CRC, which takes half the time of an MD5.
  const checksum = crc32c
    ? { of: 'crc32c' as const, value: crc32c }
    : md5Hash
      ? { of: 'md5' as const, value: md5Hash }
      : null
  return {
    uri: uriOf({ ...place, name: facts.name }),
    bytes: Number(facts.size),
    version: facts.generation,
    modified: Date.parse(facts.updated),
    ...(checksum && { checksum }),
  }
}
