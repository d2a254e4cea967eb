/**
 * Resumable uploads as "Perform resumable uploads" of Cloud Storage's documentation has them: bytes stay
 * where a request broke off, in steps of 256 KiB; a status request tells how far they reach; the object
 * appears when the last byte is there. The bytes wait in a file.
 */
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'

/** Bytes are kept in whole steps of this size; all chunks but the last have such a length. */
export const STEP_BYTES = 256 * 1024

export interface Session {
  readonly id: string
  readonly bucket: string
  /** Of the request that began it, without `uploadType`. */
  readonly query: URLSearchParams
  /** The object's metadata as JSON text. */
  readonly metadata: string
  readonly contentType: string
  readonly path: string
  /** Bytes that are kept. */
  received: number
  /** The answer to its last request; null until then. */
  made: { readonly status: number; readonly body: string } | null
  /** Requests of one session run one after the other. */
  last: Promise<unknown>
}

/** `bytes 0-99/*`: from, to (exclusive), total; null where it is not said. */
export interface ContentRange {
  readonly start: number | null
  readonly end: number | null
  readonly total: number | null
}

/** Null where it is none. */
export function rangeOf(header: string | undefined): ContentRange | null {
  if (header === undefined) return { start: 0, end: null, total: null }
  const [, start, end, all, total] = /^bytes (?:(\d+)-(\d+|\*)|(\*))\/(\d+|\*)$/.exec(header) ?? []
  if (total === undefined) return null
  const size = total === '*' ? null : Number(total)
  if (all !== undefined) return { start: null, end: null, total: size }
  return { start: Number(start), end: end === '*' ? null : Number(end) + 1, total: size }
}

export function sessionIn(
  folder: string,
  begun: Omit<Session, 'path' | 'received' | 'made' | 'last'>,
): Session {
  const path = join(folder, begun.id)
  return { ...begun, path, received: 0, made: null, last: Promise.resolve() }
}

/**
 * Keeps a request's bytes, which begin at `start`; those that are there already are skipped. Whether the
 * request came whole: of a broken one whole steps are kept.
 */
export async function keep(
  session: Session,
  client: IncomingMessage,
  start: number,
): Promise<boolean> {
  const file = await open(session.path, session.received === 0 ? 'w' : 'r+')
  let at = start
  try {
    for await (const chunk of client as AsyncIterable<Buffer>)
      at = await kept(session, file, chunk, at)
    return true
  } catch {
    session.received -= session.received % STEP_BYTES
    return false
  } finally {
    await file.close()
  }
}

async function kept(
  session: Session,
  file: FileHandle,
  chunk: Buffer,
  at: number,
): Promise<number> {
  const skip = Math.min(chunk.length, Math.max(0, session.received - at))
  const fresh = chunk.subarray(skip)
  await file.write(fresh, 0, fresh.length, session.received)
  session.received += fresh.length
  return at + chunk.length
}

/** The body of an upload of two parts: what the object is, and its bytes. */
export async function* twoParts(session: Session, boundary: string): AsyncGenerator<Buffer> {
  const json = 'Content-Type: application/json; charset=UTF-8'
  const type = `Content-Type: ${session.contentType}`
  const { metadata } = session
  yield Buffer.from(
    `--${boundary}\r\n${json}\r\n\r\n${metadata}\r\n--${boundary}\r\n${type}\r\n\r\n`,
  )
  if (session.received > 0)
    yield* createReadStream(session.path, { end: session.received - 1 }) as AsyncIterable<Buffer>
  yield Buffer.from(`\r\n--${boundary}--\r\n`)
}

export const forget = (session: Session): Promise<void> => rm(session.path, { force: true })
