/**
 * A file to S3 in one request, under its name at once: its CRC-32C goes ahead, and the service takes no
 * other bytes. For what no reader looks at before it is told to.
 */
import { base64Of } from './crc32c.ts'
import { bytesOf, typeOf } from './file-parts.ts'
import { retried } from './retry.ts'
import { CONDITIONAL, s3Client } from './s3-client.ts'
import { modules, PART_MS } from './s3-upload.ts'
import { placeOf } from './uri.ts'

/** One request up to here; where that breaks off, all of it is sent anew. */
export const WHOLE_BYTES_MAX = 64 << 20

/** A file as a whole, under its name at once, where none stands. Throws the service's answer, 412 else. */
export async function wholeToS3(
  path: string,
  bytes: number,
  o: { uri: string; crc: number; signal?: AbortSignal | undefined },
): Promise<string> {
  const client = await s3Client()
  const { bucket: Bucket, name: Key } = placeOf(o.uri)
  const [{ PutObjectCommand }, { Readable }] = await modules()
  const send = (signal: AbortSignal) =>
    client.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: Readable.from(bytesOf({ path, start: 0, end: bytes }), { objectMode: false }),
        ContentLength: bytes,
        ContentType: typeOf(Key),
        ChecksumCRC32C: base64Of(o.crc),
        IfNoneMatch: '*',
      }),
      { abortSignal: signal },
    )
  const limits = { ...CONDITIONAL, signal: o.signal, timeoutMs: PART_MS, deadlineMs: 3 * PART_MS }
  return (await retried(send, limits)).ETag ?? ''
}
