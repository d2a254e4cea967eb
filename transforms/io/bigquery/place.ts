/** The bucket where shards lie on their way into the warehouse, and how they come and go there. */
import { Fault, redactUri } from '../../../engine/fault.ts'
import { each } from '../objects/each.ts'
import { storeFault } from '../objects/errors.ts'
import { sendFiles } from '../objects/send-files.ts'
import { storeOf } from '../objects/store-of.ts'

/** `gs://bucket/prefix`, without a slash at the end. */
export interface Place {
  readonly bucket: string
  readonly prefix: string
}

/** Shards under way at once. */
const SHARDS_MAX = 32
/** A star in a URI would be a pattern to a load job. */
const SHAPE = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/([^*]*))?$/

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

/**
 * Throws resource: the bucket is not there, or may not be listed. Before anything is read: else a run would
 * hear of it at its end.
 */
export async function checkPlace(place: Place): Promise<void> {
  const uri = uriOf(place, 'millrace', 'check-none')
  try {
    for await (const _ of (await storeOf(uri)).list(uri)) break
  } catch (error) {
    if (!(error instanceof Fault) || error.cause === undefined) throw error
    throw storeFault(error.cause, uriOf(place), 'write')
  }
}

export const uriOf = ({ bucket, prefix }: Place, ...parts: readonly string[]): string =>
  [`gs://${bucket}`, ...(prefix === '' ? [] : [prefix]), ...parts].join('/')

/** URIs of a load's shards, in their order; `folder` is the load's own. */
export const shardUris = (place: Place, folder: string, count: number): string[] => {
  const base = uriOf(place, 'millrace', folder)
  return Array.from(
    { length: count },
    (_, i) => `${base}/part-${String(i).padStart(5, '0')}.parquet`,
  )
}

export interface Prepared {
  readonly path: string
  release(): Promise<void>
}

/**
 * Sends the files, each checked by its checksum; `prepared` may send another file in its place, and removes
 * that afterwards. Throws resource: the bucket is not there or may not be written.
 */
export async function sendShards(
  files: readonly string[],
  o: { uris: readonly string[]; prepared(path: string, index: number): Promise<Prepared> },
): Promise<void> {
  const numbered = files.map((path, index) => ({ path, uri: o.uris[index] as string, index }))
  await each(
    numbered,
    async ({ path, uri, index }, signal) => {
      const ready = await o.prepared(path, index)
      try {
        await sendFiles([{ path: ready.path, uri }], { signal })
      } finally {
        await ready.release()
      }
    },
    { parallel: SHARDS_MAX },
  )
}

/** Again and again does no harm: what is not there is not missed. */
export async function removeShards(uris: readonly string[]): Promise<void> {
  const [first] = uris
  if (first === undefined) return
  const store = await storeOf(first)
  await each(uris, uri => store.remove(uri))
}
