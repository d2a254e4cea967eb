/**
 * Objects of S3 and what speaks its protocol. Each read is pinned to the etag that was listed, which is
 * a checksum too where `etag.ts` says so.
 */
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3'
import { answerOf } from './answer.ts'
import { type Doing, overwritten, storeFault } from './errors.ts'
import { encryptionIn, md5In, noteEncryption } from './etag.ts'
import { type Ask, ranged } from './ranged.ts'
import { fill } from './receive.ts'
import { retried } from './retry.ts'
import { s3Client } from './s3-client.ts'
import { rethrown, signedRead } from './s3-signed.ts'
import type { ObjectReader, StoredObject } from './store.ts'
import { placeOf, uriOf } from './uri.ts'

export const s3Reader: ObjectReader = {
  scheme: 's3',

  async *list(prefix) {
    const place = placeOf(prefix)
    for (let token: string | undefined; ; ) {
      const page = await asked(prefix, 'list', async (client, abortSignal) => {
        const { ListObjectsV2Command } = await import('@aws-sdk/client-s3')
        const asking = new ListObjectsV2Command({
          Bucket: place.bucket,
          Prefix: place.name,
          ContinuationToken: token,
        })
        return client.send(asking, { abortSignal })
      })
      yield (page.Contents ?? []).map(o =>
        objectOf(uriOf({ ...place, name: o.Key ?? '' }), o.Size, o.ETag, o.LastModified),
      )
      token = page.IsTruncated ? page.NextContinuationToken : undefined
      if (token === undefined) return
    }
  },

  async stat(uri) {
    const { bucket: Bucket, name: Key } = placeOf(uri)
    try {
      const found = await asked(uri, 'read', async (client, abortSignal) => {
        const { HeadObjectCommand } = await import('@aws-sdk/client-s3')
        return client.send(new HeadObjectCommand({ Bucket, Key }), { abortSignal })
      })
      const { ContentLength, ETag, LastModified } = found
      return objectOf(uri, ContentLength, ETag, LastModified)
    } catch (error) {
      const { status } = answerOf((error as Error).cause)
      // An answer to HEAD has no body: a bucket that is not there looks like an object that is not.
      if (status === 404) return null
      throw REASONLESS.has(status ?? 0) ? await withReason(uri, error) : error
    }
  },

  async read(object, start, into, o) {
    const { uri, version } = object
    const ask: Ask = async (range, receiving) => {
      const answer = await fill(await signedRead(object, range), receiving).catch(rethrown)
      noteEncryption(placeOf(uri).bucket, encryptionIn(answer.headers))
      return answer
    }
    try {
      await ranged(ask, { start, into }, o)
    } catch (error) {
      const { status, code } = answerOf(error)
      const gone = status === 404 && code !== 'NoSuchBucket'
      if (gone || status === 412 || status === 416) {
        const now = await s3Reader.stat(uri)
        if (now?.version !== version) throw overwritten(uri, version, now?.version ?? null)
      }
      throw storeFault(error, uri, 'read')
    }
  },

  async get(uri) {
    try {
      return await retried(async signal => {
        const { Body: body, ETag } = await getObject(uri, { signal })
        const bytes = (await body?.transformToByteArray()) ?? new Uint8Array(0)
        return { bytes, version: tagOf(ETag) }
      })
    } catch (error) {
      const { status, code } = answerOf(error)
      if (status === 404 && code !== 'NoSuchBucket') return null
      throw storeFault(error, uri, 'read')
    }
  },
}

/** Statuses that stand for several reasons: a wrong key and a missing right, a wrong region and a bad name. */
const REASONLESS = new Set([301, 400, 403])

/** HEAD was refused without a reason: GET is refused with one. */
async function withReason(uri: string, error: unknown): Promise<unknown> {
  try {
    const range = 'bytes=0-0'
    const { Body: body } = await retried(signal => getObject(uri, { signal, range }))
    await body?.transformToByteArray()
    return error
  } catch (told) {
    return storeFault(told, uri, 'read')
  }
}

async function getObject(
  uri: string,
  o: { signal: AbortSignal; range?: string },
): Promise<GetObjectCommandOutput> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3')
  const { bucket: Bucket, name: Key } = placeOf(uri)
  const asking = new GetObjectCommand({
    Bucket,
    Key,
    ...(o.range === undefined ? {} : { Range: o.range }),
  })
  const answer = await (await s3Client()).send(asking, { abortSignal: o.signal })
  noteEncryption(Bucket, answer)
  return answer
}

async function asked<T>(
  uri: string,
  doing: Doing,
  act: (client: S3Client, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await retried(async signal => act(await s3Client(), signal))
  } catch (error) {
    throw storeFault(error, uri, doing)
  }
}

/** Without its quotes. */
export const tagOf = (tag = ''): string => tag.replace(/^(?:W\/)?"|"$/g, '')

function objectOf(uri: string, bytes = 0, tag = '', modified = new Date(0)): StoredObject {
  const version = tagOf(tag)
  const checksum = md5In(version)
  return { uri, bytes, version, modified: modified.getTime(), ...(checksum && { checksum }) }
}
