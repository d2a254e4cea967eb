/**
 * What dead runs left under a prefix of an object store: marks, objects that were sent and never shown,
 * uploads that were not completed, and objects that were shown while the manifest does not have them.
 * An output whose mark is held is left alone, whatever lies there.
 */
import type { LeftBehind, LeftoverSearch } from '../../../engine/io/leftover.ts'
import { Fault, redactUri } from '../../../engine/fault.ts'
import { HIDDEN } from './hidden.ts'
import { MANIFEST, manifestIn } from './manifest.ts'
import { isHeld, markIn, markUri } from './mark.ts'
import { folderOf } from './output-folder.ts'
import { isNamed } from './output-names.ts'
import type { ObjectStore } from './store.ts'
import { storeOf } from './store-of.ts'

const OUTPUTS_MAX = 100_000
/** Of a load on its way into BigQuery (`bigquery/place.ts`), whose process died before they were loaded. */
const STAGED = /\/millrace\/[0-9a-f]{32}\/part-\d{5,}\.parquet$/
/** A load job that reads them may run for six hours, and be asked for by another process then. */
const STAGED_MS = 12 * 3_600_000

/**
 * Looks through all outputs under `uri`, a folder of a bucket.
 *
 * Cost    lists all objects under it, and those of each output once more
 * Throws  pipeline: no folder; resource: it cannot be listed
 */
export async function* leftBehindIn(uri: string, o: LeftoverSearch): AsyncGenerator<LeftBehind> {
  const store = await storeOf(uri)
  const prefix = `${folderOf(uri)}/`
  const busy: string[] = []
  for (const folder of await outputsUnder(store, prefix)) {
    const found = await markIn(store, folder)
    if (found && isHeld(found.mark, { uri: markUri(folder), self: null, isAlive: o.isAlive })) {
      busy.push(folder)
      o.busy(folder)
      continue
    }
    yield* inOutput(store, folder, o)
  }
  yield* stagedUnder(store, prefix, o.before)
  yield* uploadsUnder(store, { prefix, busy, before: o.before })
}

/** Folders with a manifest, or with something hidden. */
async function outputsUnder(store: ObjectStore, prefix: string): Promise<Set<string>> {
  const folders = new Set<string>()
  for await (const page of store.list(prefix))
    for (const { uri } of page) {
      const at = uri.indexOf(`/${HIDDEN}`, prefix.length - 1)
      if (at >= 0) folders.add(uri.slice(0, at + 1))
      else if (uri.endsWith(`/${MANIFEST}`)) folders.add(uri.slice(0, -MANIFEST.length))
      if (folders.size > OUTPUTS_MAX)
        throw new Fault('resource', `more than ${OUTPUTS_MAX} outputs under ${redactUri(prefix)}`, {
          hint: 'name a folder further down',
        })
    }
  return folders
}

async function* inOutput(
  store: ObjectStore,
  folder: string,
  { before }: LeftoverSearch,
): AsyncGenerator<LeftBehind> {
  const committed = await manifestIn(store, folder)
  const names = new Set(committed?.manifest.objects.map(o => o.name))
  for await (const page of store.list(folder))
    for (const { uri, bytes, modified } of page) {
      const what = whatIs(uri, folder, names)
      if (what === null || modified >= before) continue
      yield { what, where: uri, bytes, begun: modified, remove: () => store.remove(uri) }
    }
}

function whatIs(uri: string, folder: string, committed: ReadonlySet<string>): string | null {
  if (uri === markUri(folder)) return 'mark of a run'
  if (uri.startsWith(folder + HIDDEN)) return 'sent, never shown'
  return isNamed(uri) && !committed.has(uri.slice(folder.length)) ? 'shown, never committed' : null
}

async function* stagedUnder(
  store: ObjectStore,
  prefix: string,
  before: number,
): AsyncGenerator<LeftBehind> {
  const oldest = Math.min(before, Date.now() - STAGED_MS)
  for await (const page of store.list(prefix))
    for (const { uri, bytes, modified } of page)
      if (STAGED.test(uri) && modified < oldest)
        yield {
          what: 'shard of a load, never loaded',
          where: uri,
          bytes,
          begun: modified,
          remove: () => store.remove(uri),
        }
}

/** Of a store that keeps what was not completed apart from its objects. */
async function* uploadsUnder(
  store: ObjectStore,
  o: { prefix: string; busy: readonly string[]; before: number },
): AsyncGenerator<LeftBehind> {
  if (store.scheme !== 's3') return
  for await (const page of store.leftovers(o.prefix, o.prefix))
    for (const upload of page) {
      const { uri, bytes, begun } = upload
      if (begun >= o.before || !isNamed(uri) || o.busy.some(f => uri.startsWith(f))) continue
      const remove = () => store.discard(upload)
      yield { what: 'upload, never completed', where: uri, bytes, begun, remove }
    }
}
