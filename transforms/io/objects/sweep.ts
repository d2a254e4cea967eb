/** Removing what is no part of an output: page by page, many at once. */
import { each } from './each.ts'
import { MANIFEST, manifestIn } from './manifest.ts'
import { hiddenOf, isOf } from './output-names.ts'
import { isSeen } from './refuse-output.ts'
import type { ObjectStore } from './store.ts'

/**
 * What a dead run has sent, and what it has shown unless the manifest has it. `sentOnly`: what was shown
 * stays.
 */
export async function removeRun(
  store: ObjectStore,
  folder: string,
  names: string,
  { sentOnly = false } = {},
): Promise<void> {
  for await (const page of store.leftovers(folder, hiddenOf(folder, names))) {
    const ours = page.filter(({ uri }) => isOf(uri, names))
    await each(ours, one => store.discard(one))
  }
  if (sentOnly) return
  const committed = await manifestIn(store, folder)
  if (committed?.manifest.run === names) return
  await removeAll(store, folder, uri => isOf(uri, names))
}

/** All that readers see in the folder, but for the manifest and its objects. */
export function removeOthers(
  store: ObjectStore,
  folder: string,
  names: ReadonlySet<string>,
): Promise<void> {
  const stays = (uri: string) => {
    const name = uri.slice(folder.length)
    return name === MANIFEST || names.has(name)
  }
  return removeAll(store, folder, uri => !stays(uri))
}

async function removeAll(
  store: ObjectStore,
  folder: string,
  goes: (uri: string) => boolean,
): Promise<void> {
  for await (const page of store.list(folder)) {
    const gone = page.filter(({ uri }) => isSeen(uri, folder) && goes(uri))
    await each(gone, ({ uri }) => store.remove(uri))
  }
}
