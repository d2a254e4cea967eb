/** What an output in an object store is refused for, before anything is read. */
import { Fault, redactUri } from '../../../engine/fault.ts'
import { HIDDEN } from './hidden.ts'
import type { ObjectStore } from './store.ts'

/** Throws pipeline: an input lies in the output. */
export function refuseInputsIn(
  target: string,
  inputs: readonly { readonly uri: string }[],
  at: string,
): void {
  const inside = inputs.find(({ uri }) => uri === target || uri.startsWith(`${target}/`))
  if (inside === undefined) return
  throw new Fault(
    'pipeline',
    `output ${redactUri(target)} holds the input ${redactUri(inside.uri)}`,
    {
      at,
      hint: 'an output folder is replaced as a whole: write to another one',
    },
  )
}

/** Throws pipeline: an object has the folder's name, or the output exists and may not be replaced. */
export async function refuseStanding(
  store: ObjectStore,
  { target, at, replace }: { target: string; at: string; replace: boolean },
): Promise<void> {
  const [object, first] = await Promise.all([
    store.stat(target),
    replace ? null : firstIn(store, `${target}/`),
  ])
  if (object !== null)
    throw new Fault('pipeline', `output ${redactUri(target)} is an object`, {
      at,
      hint: 'an output is a folder: give it a name of its own',
    })
  if (first !== null)
    throw new Fault('pipeline', `output ${redactUri(target)} exists`, {
      at,
      detail: [`there  ${redactUri(first)}`],
      hint: 'write to another folder, or replace it with --overwrite (overwrite: true)',
    })
}

/** An object of the folder that readers see; a folder's own object, as consoles make it, is none. */
async function firstIn(store: ObjectStore, folder: string): Promise<string | null> {
  for await (const page of store.list(folder))
    for (const { uri } of page) if (isSeen(uri, folder)) return uri
  return null
}

/** Whether an object of the folder is more than a run's own note. */
export const isSeen = (uri: string, folder: string): boolean =>
  uri !== folder && !uri.startsWith(folder + HIDDEN)
