/**
 * Whether the object that stands under a name is the one that was sent: by its CRC-32C, or, where the
 * service tells none, by the etag of a multipart object: the MD5 of its parts' MD5s.
 */
import { createHash } from 'node:crypto'
import { answerOf } from './answer.ts'
import { retried } from './retry.ts'
import { s3Client } from './s3-client.ts'
import { tagOf } from './s3-read.ts'
import type { S3Sent } from './s3-upload.ts'
import type { CommittedObject } from './store.ts'
import { placeOf } from './uri.ts'

/** `etag`: what stands there; null: nothing. `ours`: null where it is another one. */
export async function standingAs(
  uri: string,
  sent: S3Sent,
): Promise<{ readonly ours: CommittedObject | null; readonly etag: string | null }> {
  const { HeadObjectCommand } = await import('@aws-sdk/client-s3')
  const { bucket: Bucket, name: Key } = placeOf(uri)
  const client = await s3Client()
  const asking = new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' })
  try {
    const found = await retried(signal => client.send(asking, { abortSignal: signal }))
    const etag = tagOf(found.ETag)
    const same =
      found.ContentLength === sent.bytes &&
      (found.ChecksumCRC32C === sent.crc32c || etag === tagOfParts(sent))
    const { bytes, crc32c } = sent
    return { ours: same ? { uri, bytes, version: etag, crc32c } : null, etag }
  } catch (error) {
    if (answerOf(error).status === 404) return { ours: null, etag: null }
    throw error
  }
}

function tagOfParts({ parts }: S3Sent): string {
  const hash = createHash('md5')
  for (const { etag } of parts) hash.update(Buffer.from(tagOf(etag), 'hex'))
  return `${hash.digest('hex')}-${parts.length}`
}
