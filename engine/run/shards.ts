/**
 * Which fragments become which file. A folder of so many bytes gets ceil(bytes / bytesPerFile) files at
 * most, of about the same size, each of fragments in the order of their tasks. Depends on the fragments
 * alone.
 */
import type { FileSinkOptions, Fragment } from '../io/sink.ts'
import type { Node } from '../plan/node.ts'
import type { WrittenFragment } from './protocol.ts'

export interface Shard {
  readonly node: Node<'write'>
  readonly folder: string
  readonly fragments: readonly Fragment[]
  readonly index: number
}

type Limits = Pick<FileSinkOptions, 'bytesPerFile' | 'rowsPerFile' | 'partitionBy'>

/** An output without rows is one empty file, or no folder at all. */
export function shardsOf(
  node: Node<'write'>,
  fragments: readonly WrittenFragment[],
  limits: Limits,
): Shard[] {
  const folders = new Map<string, Fragment[]>()
  for (const { folder, fragment } of fragments) {
    const known = folders.get(folder)
    if (known) known.push(fragment)
    else folders.set(folder, [fragment])
  }
  if (folders.size === 0 && limits.partitionBy.length === 0)
    return [{ node, folder: '', fragments: [], index: 0 }]
  return [...folders]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([folder, list]) =>
      filesOf(list, limits).map((group, index) => ({ node, folder, fragments: group, index })),
    )
}

/** The fragments of a folder cut into files: a fragment belongs where its middle lies. */
function filesOf(fragments: readonly Fragment[], limits: Limits): Fragment[][] {
  const { bytesPerFile, rowsPerFile } = limits
  const total = fragments.reduce((sum, f) => sum + f.bytes, 0)
  const count = Math.max(1, Math.ceil(total / bytesPerFile))
  const files: Fragment[][] = []
  let [before, rows, last] = [0, 0, -1]
  for (const fragment of fragments) {
    const file = Math.floor(((before + fragment.bytes / 2) / Math.max(1, total)) * count)
    const full = rowsPerFile !== null && rows + fragment.rows > rowsPerFile
    if (file !== last || full) {
      files.push([])
      rows = 0
    }
    files.at(-1)?.push(fragment)
    last = file
    rows += fragment.rows
    before += fragment.bytes
  }
  return files
}
