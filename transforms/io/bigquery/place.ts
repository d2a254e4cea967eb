/** The bucket where shards lie on their way into the warehouse, and who puts them there. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { Bucket } from '@google-cloud/storage'
import { Fault, redactUri } from '../../../engine/fault.ts'
import { failureOf, faultOf } from './failure.ts'

/** Where shards of a load lie: `gs://bucket/prefix`, without a slash at the end. */
export interface Place {
  readonly bucket: string
  readonly prefix: string
}

/** Sent at the same time; each holds one chunk in memory. */
const UPLOADS_MAX = 16
/** Of one resumable request; a multiple of 256 KiB. */
const CHUNK_BYTES = 8 << 20
/** Of one shard, all attempts together. */
const UPLOAD_MS = 1800_000
const SHAPE = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/(.*))?$/

/** Throws pipeline: none is given, or it is no such URI. */
export function placeOf(given: string | null): Place {
  const uri = given ?? process.env['MILLRACE_STAGING'] ?? ''
  const hint = "staging: 'gs://BUCKET/PREFIX' in the table's options, or MILLRACE_STAGING"
  if (uri === '')
    throw new Fault('pipeline', 'BigQuery loads from a bucket, and none is given', { hint })
  const [, bucket, prefix = ''] = SHAPE.exec(uri) ?? []
  if (bucket === undefined)
    throw new Fault('pipeline', `staging place ${redactUri(uri)} is no gs://BUCKET/PREFIX`, {
      hint,
    })
  return { bucket, prefix: prefix.replace(/\/+$/, '') }
}

/** Names of a load's shards, in their order; `folder` is the load's own. */
export const shardNames = ({ prefix }: Place, folder: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => {
    const file = `part-${String(i).padStart(5, '0')}.parquet`
    return [...(prefix === '' ? [] : [prefix]), 'millrace', folder, file].join('/')
  })

export async function bucketOf({ bucket }: Place): Promise<Bucket> {
  const { Storage, IdempotencyStrategy } = await import('@google-cloud/storage')
  // A shard's name tells its content, so that sending it again does no harm.
  const storage = new Storage({
    retryOptions: {
      autoRetry: true,
      maxRetries: 8,
      totalTimeout: UPLOAD_MS / 1000,
      idempotencyStrategy: IdempotencyStrategy.RetryAlways,
    },
  })
  // The client takes the variable as it stands for its base, where all but uploads would then miss.
  const host = process.env['STORAGE_EMULATOR_HOST']
  if (host) storage.baseUrl = `${host.replace(/\/+$/, '')}/storage/v1`
  return storage.bucket(bucket)
}

/** Runs `work` for each item, so many at a time; the first failure ends it once those under way are done. */
export async function eachOf<T>(
  items: readonly T[],
  most: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const { default: pLimit } = await import('p-limit')
  const limit = pLimit(most)
  let failed = false
  const results = await Promise.allSettled(
    items.map((item, index) =>
      limit(async () => {
        if (failed) return
        await work(item, index).catch(error => {
          failed = true
          throw error
        })
      }),
    ),
  )
  const first = results.find(r => r.status === 'rejected')
  if (first) throw (first as PromiseRejectedResult).reason
}

/**
 * Sends the files, each checked by its crc32c; `prepared` may send another file in its place, and removes
 * that afterwards. Throws resource: the bucket is not there or may not be written.
 */
export async function sendShards(
  place: Place,
  files: readonly string[],
  o: { names: readonly string[]; prepared(path: string, index: number): Promise<Prepared> },
): Promise<void> {
  const bucket = await bucketOf(place)
  await eachOf(files, UPLOADS_MAX, async (path, index) => {
    const { path: ready, release } = await o.prepared(path, index)
    try {
      await send(bucket, ready, o.names[index] as string)
    } finally {
      await release()
    }
  })
}

export interface Prepared {
  readonly path: string
  release(): Promise<void>
}

async function send(bucket: Bucket, path: string, name: string): Promise<void> {
  const { size } = await stat(path)
  const resumable = size > CHUNK_BYTES
  const file = bucket.file(name)
  try {
    const into = file.createWriteStream({
      resumable,
      validation: 'crc32c',
      contentType: 'application/vnd.apache.parquet',
      ...(resumable ? { chunkSize: CHUNK_BYTES } : {}),
    })
    await pipeline(createReadStream(path), into)
  } catch (error) {
    throw storageFault(error, `gs://${bucket.name}/${name}`, 'sent')
  }
}

/** Again and again does no harm: what is not there is not missed. */
export async function removeShards(place: Place, names: readonly string[]): Promise<void> {
  const bucket = await bucketOf(place)
  await eachOf(names, UPLOADS_MAX, async name => {
    try {
      await bucket.file(name).delete({ ignoreNotFound: true })
    } catch (error) {
      throw storageFault(error, `gs://${bucket.name}/${name}`, 'removed')
    }
  })
}

export function storageFault(error: unknown, uri: string, verb: string): Fault {
  const failure = failureOf(error)
  const hint =
    failure.code === 404
      ? 'create the bucket, in the location of the data set, or name another'
      : failure.code === 403 || failure.code === 401
        ? 'grant roles/storage.objectUser on the bucket to who runs this'
        : 'look at the bucket and the network, then run again'
  return faultOf(failure, `${uri} cannot be ${verb}`, { hint })
}
