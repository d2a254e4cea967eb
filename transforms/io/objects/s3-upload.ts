/**
 * A file to S3 as a multipart upload that is not completed: readers see nothing of it. Its parts go in
 * parallel, each with its CRC-32C, which the service checks; the object's own is joined from theirs.
 */
import type { S3Client, UploadPartCommandOutput } from '@aws-sdk/client-s3'
import { answerOf } from './answer.ts'
import { base64Of, joined } from './crc32c.ts'
import { bytesOf, checksumOf, typeOf } from './file-parts.ts'
import { retried } from './retry.ts'
import { s3Client } from './s3-client.ts'
import { type ObjectPlace, placeOf } from './uri.ts'

/** The service asks for 5 MiB at least, but for the last one. */
const PART_BYTES = 16 << 20
/** It takes 10,000. */
const PARTS_MAX = 9000
/** Parts of one file under way. */
const PARALLEL = 4
/** For one attempt at a part: 0.5 Mbit/s. */
export const PART_MS = 300_000

/** A part that the service has. */
export interface SentPart {
  readonly etag: string
  readonly crc32c: string
}

export interface S3Sent {
  readonly upload: string
  readonly bytes: number
  readonly crc32c: string
  readonly parts: readonly SentPart[]
}

interface Part {
  readonly number: number
  readonly start: number
  readonly end: number
}

/** Throws  the service's answer; what was sent is removed then */
export async function uploadToS3(
  path: string,
  bytes: number,
  o: { uri: string; signal?: AbortSignal | undefined },
): Promise<S3Sent> {
  const client = await s3Client()
  const place = placeOf(o.uri)
  const upload = await begun(client, place)
  try {
    o.signal?.throwIfAborted()
    const { parts, crc } = await sentParts(path, partsOf(bytes), {
      client,
      place,
      upload,
      signal: o.signal,
    })
    return { upload, bytes, crc32c: base64Of(crc), parts }
  } catch (error) {
    // The first failure is the one to tell; what this one leaves, a clean-up finds.
    await aborted(place, upload).catch(() => undefined)
    throw error
  }
}

/** An empty file is one empty part. */
export function partsOf(bytes: number): Part[] {
  const size = Math.max(PART_BYTES, Math.ceil(bytes / PARTS_MAX / 2 ** 20) * 2 ** 20)
  const count = Math.max(1, Math.ceil(bytes / size))
  return Array.from({ length: count }, (_, i) => ({
    number: i + 1,
    start: i * size,
    end: Math.min(bytes, (i + 1) * size),
  }))
}

interface Sending {
  readonly client: S3Client
  readonly place: ObjectPlace
  readonly upload: string
  readonly signal: AbortSignal | undefined
}

/** Not to be aborted: an upload whose id nobody has heard would be left. */
async function begun(client: S3Client, { bucket, name }: ObjectPlace): Promise<string> {
  const { CreateMultipartUploadCommand } = await import('@aws-sdk/client-s3')
  const asking = new CreateMultipartUploadCommand({
    Bucket: bucket,
    Key: name,
    ContentType: typeOf(name),
    ChecksumAlgorithm: 'CRC32C',
    ChecksumType: 'FULL_OBJECT',
  })
  const { UploadId } = await retried(signal => client.send(asking, { abortSignal: signal }))
  if (!UploadId) throw new Error('the service opened no multipart upload')
  return UploadId
}

/** Loaded when first used. */
export const modules = () => Promise.all([import('@aws-sdk/client-s3'), import('node:stream')])

/** Some lanes over the parts; the first failure ends them all. */
async function sentParts(
  path: string,
  list: readonly Part[],
  o: Sending,
): Promise<{ parts: SentPart[]; crc: number }> {
  const controller = new AbortController()
  const signal = o.signal ? AbortSignal.any([o.signal, controller.signal]) : controller.signal
  const parts: SentPart[] = []
  const crcs: number[] = []
  let next = 0
  const lane = async () => {
    while (next < list.length) {
      const part = list[next++] as Part
      const crc = await checksumOf({ path, start: part.start, end: part.end })
      crcs[part.number - 1] = crc
      parts[part.number - 1] = await sent(path, part, { ...o, signal, crc: base64Of(crc) })
    }
  }
  const lanes = Array.from({ length: Math.min(PARALLEL, list.length) }, lane)
  const ended = await Promise.allSettled(
    lanes.map(one =>
      one.catch(error => {
        controller.abort()
        throw error
      }),
    ),
  )
  const failed = ended.filter(e => e.status === 'rejected').map(e => e.reason)
  if (failed.length > 0) throw failed.find(e => !isAborted(e)) ?? failed[0]
  const crc = list.reduce((sum, p, i) => joined(sum, crcs[i] as number, p.end - p.start), 0)
  return { parts, crc }
}

const isAborted = (error: unknown): boolean => (error as Error)?.name === 'AbortError'

async function sent(
  path: string,
  { number, start, end }: Part,
  { client, place, upload, signal, crc }: Sending & { readonly crc: string },
): Promise<SentPart> {
  const [{ UploadPartCommand }, { Readable }] = await modules()
  const send = (own: AbortSignal): Promise<UploadPartCommandOutput> =>
    client.send(
      new UploadPartCommand({
        Bucket: place.bucket,
        Key: place.name,
        UploadId: upload,
        PartNumber: number,
        Body: Readable.from(bytesOf({ path, start, end }), { objectMode: false }),
        ContentLength: end - start,
        ChecksumCRC32C: crc,
      }),
      { abortSignal: own },
    )
  const { ETag = '' } = await retried(send, {
    signal,
    timeoutMs: PART_MS,
    deadlineMs: 3 * PART_MS,
  })
  return { etag: ETag, crc32c: crc }
}

/** Removes what was sent of an upload that was not completed; one that is gone is no error. */
export async function aborted({ bucket, name }: ObjectPlace, upload: string): Promise<void> {
  const client = await s3Client()
  const { AbortMultipartUploadCommand } = await import('@aws-sdk/client-s3')
  const asking = new AbortMultipartUploadCommand({ Bucket: bucket, Key: name, UploadId: upload })
  await retried(signal => client.send(asking, { abortSignal: signal })).catch(error => {
    if (!isNoUpload(error)) throw error
  })
}

export const isNoUpload = (error: unknown): boolean => answerOf(error).code === 'NoSuchUpload'
