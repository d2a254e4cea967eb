/**
 * The writing half of S3. A file is sent as a multipart upload; `commit` completes it, where no object
 * stands (If-None-Match). A completion whose answer was lost is known by the checksum or etag of what
 * stands there.
 */
import type { ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3'
import { stat } from 'node:fs/promises'
import { answerOf } from './answer.ts'
import { base64Of } from './crc32c.ts'
import { storeFault } from './errors.ts'
import { checksumOf, typeOf } from './file-parts.ts'
import { inTheWay, notThere } from './in-the-way.ts'
import { retried } from './retry.ts'
import { CONDITIONAL, s3Client } from './s3-client.ts'
import { s3Reader, tagOf } from './s3-read.ts'
import { aborted, isNoUpload, type S3Sent, uploadToS3 } from './s3-upload.ts'
import { WHOLE_BYTES_MAX, wholeToS3 } from './s3-whole.ts'
import { standingAs } from './s3-standing.ts'
import type { CommittedObject, Leftover, ObjectStore, PendingObject } from './store.ts'
import { placeOf, uriOf } from './uri.ts'

type Writer = Omit<ObjectStore, keyof typeof s3Reader>

export const s3Writer: Writer = {
  put(uri, bytes, over) {
    return written(uri, async () => {
      const { PutObjectCommand } = await import('@aws-sdk/client-s3')
      const { bucket: Bucket, name: Key } = placeOf(uri)
      const asking = new PutObjectCommand({
        Bucket,
        Key,
        Body: bytes,
        ContentType: typeOf(Key),
        ...(over === null && { IfNoneMatch: '*' }),
        ...(typeof over === 'string' && { IfMatch: `"${over}"` }),
      })
      const client = await s3Client()
      try {
        await retried(signal => client.send(asking, { abortSignal: signal }), CONDITIONAL)
        return true
      } catch (error) {
        if (!isRefused(error, over)) throw error
        // It may be what the first of several attempts wrote, whose answer was lost.
        const standing = await s3Reader.get(uri)
        return standing !== null && Buffer.compare(standing.bytes, bytes) === 0
      }
    })
  },

  send(path, uri, { signal } = {}) {
    return written(uri, async () => {
      const { size } = await stat(path)
      const sent = await uploadToS3(path, size, { uri, signal })
      return { uri, token: JSON.stringify(sent) }
    })
  },

  async holds(pending) {
    const { bucket, name } = placeOf(pending.uri)
    const sent = sentIn(pending)
    const { ListPartsCommand } = await import('@aws-sdk/client-s3')
    const asking = new ListPartsCommand({ Bucket: bucket, Key: name, UploadId: sent.upload })
    return written(pending.uri, async () => {
      const client = await s3Client()
      try {
        await retried(signal => client.send(asking, { abortSignal: signal }))
        return true
      } catch (error) {
        if (!isNoUpload(error)) throw error
        return (await standingAs(pending.uri, sent)).ours !== null
      }
    })
  },

  commit(pending) {
    return written(pending.uri, () => completed(pending))
  },

  discard(pending) {
    return written(pending.uri, () => aborted(placeOf(pending.uri), sentIn(pending).upload))
  },

  async *leftovers(prefix) {
    const { ListMultipartUploadsCommand } = await import('@aws-sdk/client-s3')
    const place = placeOf(prefix)
    const client = await s3Client()
    let [key, upload]: (string | undefined)[] = []
    for (;;) {
      const asking = new ListMultipartUploadsCommand({
        Bucket: place.bucket,
        Prefix: place.name,
        KeyMarker: key,
        UploadIdMarker: upload,
      })
      const page: ListMultipartUploadsCommandOutput = await written(prefix, () =>
        retried(signal => client.send(asking, { abortSignal: signal })),
      )
      const uploads = (page.Uploads ?? []).map((found): Leftover => {
        const sent: S3Sent = { upload: found.UploadId ?? '', bytes: 0, crc32c: '', parts: [] }
        return {
          uri: uriOf({ ...place, name: found.Key ?? '' }),
          token: JSON.stringify(sent),
          bytes: 0,
          begun: found.Initiated?.getTime() ?? 0,
        }
      })
      if (uploads.length > 0) yield uploads
      if (!page.IsTruncated) return
      key = page.NextKeyMarker
      upload = page.NextUploadIdMarker
    }
  },

  remove(uri) {
    return written(uri, async () => {
      const { DeleteObjectCommand } = await import('@aws-sdk/client-s3')
      const { bucket: Bucket, name: Key } = placeOf(uri)
      const client = await s3Client()
      const asking = new DeleteObjectCommand({ Bucket, Key })
      await retried(signal => client.send(asking, { abortSignal: signal })).catch(error => {
        if (answerOf(error).code !== 'NoSuchKey') throw error
      })
    })
  },
}

/** Shows what was sent, or finds that this was done. */
async function completed(pending: PendingObject): Promise<CommittedObject> {
  const { CompleteMultipartUploadCommand } = await import('@aws-sdk/client-s3')
  const { bucket: Bucket, name: Key } = placeOf(pending.uri)
  const sent = sentIn(pending)
  const asking = new CompleteMultipartUploadCommand({
    Bucket,
    Key,
    UploadId: sent.upload,
    IfNoneMatch: '*',
    ChecksumCRC32C: sent.crc32c,
    ChecksumType: 'FULL_OBJECT',
    MultipartUpload: {
      Parts: sent.parts.map(({ etag, crc32c }, i) => ({
        PartNumber: i + 1,
        ETag: etag,
        ChecksumCRC32C: crc32c,
      })),
    },
  })
  const client = await s3Client()
  try {
    const { ETag } = await retried(
      signal => client.send(asking, { abortSignal: signal }),
      CONDITIONAL,
    )
    const { bytes, crc32c } = sent
    return { uri: pending.uri, bytes, version: tagOf(ETag), crc32c }
  } catch (error) {
    const gone = isNoUpload(error)
    if (!gone && !isRefused(error, null)) throw error
    const { ours, etag } = await standingAs(pending.uri, sent)
    if (ours === null)
      throw etag === null ? notThere(pending.uri, error) : inTheWay(pending.uri, `etag ${etag}`)
    // Another attempt has shown it: this upload, if there still is one, is not needed.
    if (!gone) await aborted(placeOf(pending.uri), sent.upload)
    return ours
  }
}

/** A precondition failed, now or against a request of the same moment; or there is nothing to replace. */
function isRefused(error: unknown, over: string | null | undefined): boolean {
  const { status, code } = answerOf(error)
  if (status === 412 || code === 'ConditionalRequestConflict') return true
  return typeof over === 'string' && code === 'NoSuchKey'
}

/** As `uploadedToGcs`; a large file goes in parts, several at once. */
export function uploadedToS3(
  path: string,
  uri: string,
  signal?: AbortSignal,
): Promise<CommittedObject> {
  return written(uri, async () => {
    const { size: bytes } = await stat(path)
    if (bytes > WHOLE_BYTES_MAX) return inParts(path, uri, signal)
    const crc = await checksumOf({ path, start: 0, end: bytes })
    const crc32c = base64Of(crc)
    try {
      const etag = await wholeToS3(path, bytes, { uri, crc, signal })
      return { uri, bytes, version: tagOf(etag), crc32c }
    } catch (error) {
      if (!isRefused(error, null)) throw error
      const standing = await standingAs(uri, { upload: '', bytes, crc32c, parts: [] })
      if (standing.ours !== null) return standing.ours
      throw inTheWay(uri, `etag ${standing.etag ?? 'none'}`)
    }
  })
}

async function inParts(path: string, uri: string, signal?: AbortSignal): Promise<CommittedObject> {
  const pending = await s3Writer.send(path, uri, signal ? { signal } : {})
  try {
    return await completed(pending)
  } catch (error) {
    await s3Writer.discard(pending)
    throw error
  }
}

const sentIn = ({ token }: PendingObject): S3Sent => JSON.parse(token) as S3Sent

async function written<T>(uri: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw storeFault(error, uri, 'write')
  }
}
