/**
 * A file to one object of Google Cloud Storage. Its CRC-32C goes ahead, so that the service itself
 * refuses other bytes, and is compared with what it answers. A small file is one request; a larger one a
 * resumable session, whose broken request is taken up at the byte that the service has come to.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerOf, mayPass } from './answer.ts'
import { base64Of } from './crc32c.ts'
import { damaged } from './errors.ts'
import { bytesOf, typeOf } from './file-parts.ts'
import { gcsEndpoint, gcsHeaders } from './gcs-client.ts'
import { type HttpAnswer, type HttpRequest, bodyOf, succeed } from './http.ts'
import { retried } from './retry.ts'
import { type ObjectPlace, uriOf } from './uri.ts'

/** Up to here a session's extra request costs more than sending it anew. */
const SMALL_BYTES = 8 << 20
/** For one attempt at a small file: 0.5 Mbit/s. */
const WHOLE_MS = 150_000
const ANSWER_BYTES_MAX = 1 << 20
/** A request that sends may be silent for so long. */
const SILENT_MS = 60_000
/** Interruptions without a byte between them. */
const BREAKS_MAX = 8
const PAUSE_MS = 250
const PAUSE_MOST_MS = 20_000
/** Of bytes that arrived as others. */
const ANEW_MAX = 3

export interface GcsUpload {
  readonly path: string
  readonly bytes: number
  readonly crc: number
  readonly place: ObjectPlace
  /** True: only where no object stands there. */
  readonly fresh: boolean
  readonly signal?: AbortSignal | undefined
}

/** What the service says of an object. */
export interface GcsObject {
  readonly name: string
  readonly size: string
  readonly generation: string
  readonly crc32c: string
}

export const GCS_FIELDS = 'name,size,generation,crc32c'

/** Throws  the service's answer, 412 where `fresh` and an object stands there; data: it arrived damaged */
export async function uploadToGcs(upload: GcsUpload): Promise<GcsObject> {
  for (let attempt = 1; ; attempt++) {
    const made = await (upload.bytes <= SMALL_BYTES ? whole(upload) : resumable(upload))
    if (isSame(made, upload)) return made
    const { size, crc32c } = made
    if (attempt < ANEW_MAX && !upload.fresh) continue
    const got = `${size} bytes of CRC-32C ${crc32c} are there`
    throw damaged(
      uriOf(upload.place),
      `${upload.bytes} bytes of ${base64Of(upload.crc)} were sent, ${got}`,
    )
  }
}

export const isSame = (made: GcsObject, o: { bytes: number; crc: number }): boolean =>
  Number(made.size) === o.bytes && made.crc32c === base64Of(o.crc)

/** One request of two parts: what the object is, and its bytes. */
async function whole(upload: GcsUpload): Promise<GcsObject> {
  const { path, bytes, place, signal } = upload
  const boundary = `millrace-${randomUUID()}`
  const type = typeOf(place.name)
  const json = 'content-type: application/json; charset=utf-8'
  const head = `--${boundary}\r\n${json}\r\n\r\n${metadataOf(upload)}\r\n--${boundary}\r\ncontent-type: ${type}\r\n\r\n`
  const tail = `\r\n--${boundary}--\r\n`
  const length = Buffer.byteLength(head) + bytes + Buffer.byteLength(tail)
  const body = async function* () {
    yield Buffer.from(head)
    yield* bytesOf({ path, start: 0, end: bytes })
    yield Buffer.from(tail)
  }
  const headers = {
    'content-type': `multipart/related; boundary=${boundary}`,
    'content-length': String(length),
  }
  const url = urlOf(upload, 'multipart')
  return retried(
    async own => objectIn(await ask({ method: 'POST', url, headers, body: body(), signal: own })),
    { signal, timeoutMs: WHOLE_MS, deadlineMs: 4 * WHOLE_MS },
  )
}

async function resumable(upload: GcsUpload): Promise<GcsObject> {
  let session = await begun(upload)
  let [at, breaks] = [0, 0]
  for (;;) {
    try {
      return await rest(upload, session, at)
    } catch (error) {
      if (upload.signal?.aborted || !mayContinue(error)) {
        await cancelled(session)
        throw error
      }
      const reached = await reachedBy(upload, session)
      if (typeof reached === 'object' && reached !== null) return reached
      breaks = (reached ?? 0) > at ? 1 : breaks + 1
      if (breaks > BREAKS_MAX) throw error
      at = reached ?? 0
      const wait = Math.random() * Math.min(PAUSE_MOST_MS, PAUSE_MS * 2 ** breaks)
      await sleep(Math.max(wait, answerOf(error).retryAfterMs ?? 0))
      if (reached === null) session = await begun(upload)
    }
  }
}

/** A session that the service has forgotten begins anew, too. */
function mayContinue(error: unknown): boolean {
  const answer = answerOf(error)
  return mayPass(answer) || isGone(answer)
}

const isGone = ({ status }: { status: number | null }): boolean => status === 404 || status === 410

/** The session's URI, which is as good as a key: it is never shown. */
async function begun(upload: GcsUpload): Promise<string> {
  const { bytes, place, signal } = upload
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'x-upload-content-type': typeOf(place.name),
    'x-upload-content-length': String(bytes),
  }
  const body = metadataOf(upload)
  const url = urlOf(upload, 'resumable')
  return retried(
    async own => {
      const answer = await ask({ method: 'POST', url, headers, body, signal: own })
      await bodyOf(answer, ANSWER_BYTES_MAX)
      const { location } = answer.headers
      if (!location) throw new Error('the service opened no upload session')
      return location
    },
    { signal },
  )
}

/** Sends all from `start` on, in one request that may take as long as bytes flow. */
async function rest(upload: GcsUpload, session: string, start: number): Promise<GcsObject> {
  const { path, bytes, signal } = upload
  const controller = new AbortController()
  let silent = false
  const stop = () => {
    silent = true
    controller.abort()
  }
  let timer = setTimeout(stop, SILENT_MS)
  const flows = () => {
    clearTimeout(timer)
    timer = setTimeout(stop, SILENT_MS)
  }
  try {
    const answer = await ask({
      method: 'PUT',
      url: session,
      headers: {
        'content-length': String(bytes - start),
        'content-range': `bytes ${start}-${bytes - 1}/${bytes}`,
      },
      body: bytesOf({ path, start, end: bytes }, flows),
      signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal,
    })
    return await objectIn(answer)
  } catch (error) {
    if (!silent) throw error
    throw Object.assign(new Error('the service took no more bytes'), { code: 'ETIMEDOUT' })
  } finally {
    clearTimeout(timer)
  }
}

/** The byte that the session has come to; the object where it has all; null where the session is gone. */
async function reachedBy(upload: GcsUpload, session: string): Promise<number | GcsObject | null> {
  const { bytes, signal } = upload
  const headers = { 'content-length': '0', 'content-range': `bytes */${bytes}` }
  return retried(
    async own => {
      const request = { method: 'PUT', url: session, headers, signal: own } as const
      const answer = await succeed(request, [308, 404, 410])
      if (answer.status < 300) return objectIn(answer)
      await bodyOf(answer, ANSWER_BYTES_MAX)
      if (isGone(answer)) return null
      const last = /-(\d+)$/.exec(answer.headers.range ?? '')?.[1]
      return last === undefined ? 0 : Number(last) + 1
    },
    { signal },
  )
}

/** One that is not cancelled ends by itself after a week. */
async function cancelled(session: string): Promise<void> {
  const headers = { 'content-length': '0' }
  const ask = {
    method: 'DELETE',
    url: session,
    headers,
    signal: AbortSignal.timeout(5000),
  } as const
  await succeed(ask, [404, 410, 499]).then(
    answer => void answer.body.destroy(),
    () => {},
  )
}

const metadataOf = ({ place, crc }: GcsUpload): string =>
  JSON.stringify({ name: place.name, contentType: typeOf(place.name), crc32c: base64Of(crc) })

function urlOf({ place, fresh }: GcsUpload, uploadType: string): string {
  const query = new URLSearchParams({
    uploadType,
    fields: GCS_FIELDS,
    ...(fresh && { ifGenerationMatch: '0' }),
  })
  return `${gcsEndpoint().upload}/b/${encodeURIComponent(place.bucket)}/o?${query}`
}

async function ask(request: HttpRequest): Promise<HttpAnswer> {
  const headers = { ...(await gcsHeaders(request.url)), ...request.headers }
  return succeed({ ...request, headers })
}

async function objectIn(answer: HttpAnswer): Promise<GcsObject> {
  return JSON.parse((await bodyOf(answer, ANSWER_BYTES_MAX)).toString('utf8')) as GcsObject
}
