/** Local files to a prefix of an object store, as the staging of a warehouse needs them. */
import { each } from './each.ts'
import type { CommittedObject } from './store.ts'
import { schemeOf } from './uri.ts'

export interface FileToSend {
  readonly path: string
  /** Whole, as `gs://bucket/staging/part-00000.parquet`. */
  readonly uri: string
}

/**
 * Sends files in parallel, and shows each when it is there. One that stands there already with the same
 * bytes was sent before, and is taken as it is: what died is simply called again. Files stay where they are.
 *
 * Cost    memory for each file under way: 1 MB; each is read twice, once for its checksum
 * Throws  data: another object stands under one of the names; resource: a file cannot be read or sent.
 *         Those under way are ended then; what arrived stays
 */
export function sendFiles(
  files: readonly FileToSend[],
  o: {
    /** Under way at once. Default: 50. */
    readonly parallel?: number
    readonly signal?: AbortSignal
    /** Called as each has arrived, for progress. */
    readonly arrived?: (object: CommittedObject) => void
  } = {},
): Promise<CommittedObject[]> {
  return each(
    files,
    async (file, signal) => {
      const object = await sent(file, signal)
      o.arrived?.(object)
      return object
    },
    o,
  )
}

/** Its checksum goes ahead: what is not whole is never seen, so it need not be hidden first. */
async function sent({ path, uri }: FileToSend, signal: AbortSignal): Promise<CommittedObject> {
  return schemeOf(uri) === 'gs'
    ? (await import('./gcs-write.ts')).uploadedToGcs(path, uri, signal)
    : (await import('./s3-write.ts')).uploadedToS3(path, uri, signal)
}
