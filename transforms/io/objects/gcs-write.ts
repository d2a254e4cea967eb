/**
 * The writing half of Google Cloud Storage. A file is sent to an object of its own under a hidden name;
 * `commit` has the service copy it to its name, where none stands (ifGenerationMatch 0; within a bucket
 * no byte is moved), and removes the hidden one. A request whose answer was lost is known by the
 * checksum of what stands there.
 */
import { stat } from 'node:fs/promises'
import { answerOf } from './answer.ts'
import { base64Of } from './crc32c.ts'
import { storeFault } from './errors.ts'
import { checksumOf, typeOf } from './file-parts.ts'
import { gcsEndpoint, gcsHeaders, objectPath } from './gcs-client.ts'
import { gcsReader } from './gcs-read.ts'
import { GCS_FIELDS, type GcsObject, isSame, uploadToGcs } from './gcs-upload.ts'
import { bodyOf, type HttpRequest, succeed } from './http.ts'
import { inTheWay, notThere } from './in-the-way.ts'
import { retried } from './retry.ts'
import type { CommittedObject, Leftover, ObjectStore, PendingObject } from './store.ts'
import { hiddenBeside, hiddenName } from './hidden.ts'
import { placeOf } from './uri.ts'

const ANSWER_BYTES_MAX = 1 << 20
const PART = '.part'

/** What a token says: where the bytes are, and which. */
interface Sent {
  readonly hidden: string
  readonly generation: string
  readonly bytes: number
  readonly crc32c: string
}

type Writer = Omit<ObjectStore, keyof typeof gcsReader>

export const gcsWriter: Writer = {
  put(uri, bytes, over) {
    return written(uri, async () => {
      const { bucket, name } = placeOf(uri)
      const query = new URLSearchParams({
        uploadType: 'media',
        name,
        fields: GCS_FIELDS,
        ...(over === undefined ? {} : { ifGenerationMatch: over ?? '0' }),
      })
      const url = `${gcsEndpoint().upload}/b/${encodeURIComponent(bucket)}/o?${query}`
      const headers = { 'content-type': typeOf(name) }
      try {
        await json({ method: 'POST', url, headers, body: bytes })
        return true
      } catch (error) {
        if (answerOf(error).status !== 412) throw error
        // It may be what the first of several attempts wrote, whose answer was lost.
        const standing = await gcsReader.get(uri)
        return standing !== null && Buffer.compare(standing.bytes, bytes) === 0
      }
    })
  },

  send(path, uri, { hidden = hiddenBeside(uri), signal } = {}) {
    const name = hiddenName(uri, hidden) + PART
    return written(uri, async () => {
      const { size: bytes } = await stat(path)
      const crc = await checksumOf({ path, start: 0, end: bytes })
      const upload = { path, bytes, crc, place: placeOf(name), fresh: false, signal }
      const { generation, crc32c } = await uploadToGcs(upload)
      return { uri, token: JSON.stringify({ hidden: name, generation, bytes, crc32c }) }
    })
  },

  async holds(pending) {
    const sent = sentIn(pending)
    const [hidden, shown] = await Promise.all([factsOf(sent.hidden), factsOf(pending.uri)])
    return hidden?.generation === sent.generation || isAs(shown, sent)
  },

  commit(pending) {
    return written(pending.uri, async () => {
      const sent = sentIn(pending)
      const { shown, generation } = await copied(pending, sent)
      await removed(sent.hidden, generation)
      return committed(pending.uri, shown)
    })
  },

  discard(pending) {
    const { hidden, generation } = sentIn(pending)
    return written(hidden, () => removed(hidden, generation))
  },

  async *leftovers(prefix, hidden) {
    for await (const page of gcsReader.list(hidden)) {
      const sent = page.filter(o => o.uri.endsWith(PART))
      const found = sent.map(({ uri, bytes, version, modified }): Leftover => {
        const name = prefix + uri.slice(hidden.length, -PART.length)
        const token = JSON.stringify({ hidden: uri, generation: version, bytes, crc32c: '' })
        return { uri: name, token, bytes, begun: modified }
      })
      if (found.length > 0) yield found
    }
  },

  remove: uri => written(uri, () => removed(uri)),
}

interface Copied {
  readonly shown: GcsObject
  /** Of what was sent. */
  readonly generation: string
}

/** Copies what was sent to its name, or finds that this was done. */
async function copied(pending: PendingObject, sent: Sent): Promise<Copied> {
  const { generation } = sent
  const from = placeOf(sent.hidden)
  const to = placeOf(pending.uri)
  const path = `${objectPath(from.bucket, from.name)}/rewriteTo${objectPath(to.bucket, to.name)}`
  try {
    for (let token: string | undefined; ; ) {
      const query = new URLSearchParams({
        ifGenerationMatch: '0',
        ifSourceGenerationMatch: generation,
        ...(token !== undefined && { rewriteToken: token }),
      })
      const url = `${gcsEndpoint().api}${path}?${query}`
      const done = (await json({ method: 'POST', url })) as Rewrite
      if (done.resource && done.done)
        return { shown: checked(done.resource, pending, sent), generation }
      token = done.rewriteToken
    }
  } catch (error) {
    const { status } = answerOf(error)
    if (status !== 412 && status !== 404) throw error
    const standing = await factsOf(pending.uri)
    if (standing !== null && isAs(standing, sent)) return { shown: standing, generation }
    if (standing !== null) throw inTheWay(pending.uri, `generation ${standing.generation}`)
    // A request that arrived twice has sent it twice: the same bytes, another generation.
    const again = await factsOf(sent.hidden)
    if (again === null || !isAs(again, sent) || again.generation === generation)
      throw notThere(pending.uri, error)
    return copied(pending, { ...sent, generation: again.generation })
  }
}

interface Rewrite {
  readonly done: boolean
  readonly rewriteToken?: string
  readonly resource?: GcsObject
}

function checked(made: GcsObject, { uri }: PendingObject, sent: Sent): GcsObject {
  if (isAs(made, sent)) return made
  throw inTheWay(uri, `another content, CRC-32C ${made.crc32c}`)
}

const isAs = (found: GcsObject | null, { bytes, crc32c }: Sent): boolean =>
  found !== null && Number(found.size) === bytes && found.crc32c === crc32c

const sentIn = ({ token }: PendingObject): Sent => JSON.parse(token) as Sent

async function factsOf(uri: string): Promise<GcsObject | null> {
  const { bucket, name } = placeOf(uri)
  const url = `${gcsEndpoint().api}${objectPath(bucket, name)}?fields=${GCS_FIELDS}`
  return written(uri, () =>
    json({ method: 'GET', url }).then(
      found => found as GcsObject,
      error => {
        if (answerOf(error).status === 404) return null
        throw error
      },
    ),
  )
}

async function removed(uri: string, generation?: string): Promise<void> {
  const { bucket, name } = placeOf(uri)
  const query = generation === undefined ? '' : `?ifGenerationMatch=${generation}`
  const url = `${gcsEndpoint().api}${objectPath(bucket, name)}${query}`
  await json({ method: 'DELETE', url }).catch(error => {
    const { status } = answerOf(error)
    // It is gone; or another one by now, which is not ours to remove.
    if (status !== 404 && !(status === 412 && generation !== undefined)) throw error
  })
}

const committed = (uri: string, made: GcsObject): CommittedObject => ({
  uri,
  bytes: Number(made.size),
  version: made.generation,
  crc32c: made.crc32c,
})

/**
 * Sends a file to its name at once, for what no reader looks at before it is told to. One that stands
 * there with the same bytes was sent before.
 */
export function uploadedToGcs(
  path: string,
  uri: string,
  signal?: AbortSignal,
): Promise<CommittedObject> {
  return written(uri, async () => {
    const { size: bytes } = await stat(path)
    const crc = await checksumOf({ path, start: 0, end: bytes })
    const place = placeOf(uri)
    try {
      const made = await uploadToGcs({ path, bytes, crc, place, fresh: true, signal })
      return committed(uri, made)
    } catch (error) {
      if (answerOf(error).status !== 412) throw error
      const standing = await factsOf(uri)
      if (standing !== null && isSame(standing, { bytes, crc })) return committed(uri, standing)
      throw inTheWay(uri, `CRC-32C ${standing?.crc32c ?? 'none'}, and not ${base64Of(crc)}`)
    }
  })
}

/** A small request with its answer's JSON; `{}` where that is empty. */
async function json(request: HttpRequest): Promise<unknown> {
  const length = request.body === undefined ? { 'content-length': '0' } : {}
  return retried(async signal => {
    const headers = { ...(await gcsHeaders(request.url)), ...length, ...request.headers }
    const answer = await succeed({ ...request, headers, signal })
    const text = (await bodyOf(answer, ANSWER_BYTES_MAX)).toString('utf8')
    return text === '' ? {} : JSON.parse(text)
  })
}

async function written<T>(uri: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw storeFault(error, uri, 'write')
  }
}
