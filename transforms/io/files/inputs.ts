/**
 * What sources of files read, on disk or in an object store. What is on disk is never waited for; what
 * reads from stores is loaded when a URI names one.
 */
import type { PlanRequest } from '../../../engine/io/source.ts'
import type { ByteStream, OpenOptions } from './byte-stream.ts'
import { openBytes } from './byte-stream.ts'
import { type Sniffed, sniff } from './compression.ts'
import { type InputFile, listFiles } from './list.ts'
import { isObjectUri } from '../objects/uri.ts'

/** A file, by its path, or an object by its URI. */
export type Located = Pick<InputFile, 'path' | 'object'>

/** So many objects are looked at when a run is planned, of those that are not split. */
const LOOKED_MAX = 256
const LOOKING_AT_ONCE = 32

const objects = () => import('../objects/inputs.ts')

/** Throws as `listFiles` and `listObjects`. */
export const inputsOf = (
  uri: string,
  { told }: Pick<PlanRequest, 'told'>,
): InputFile[] | Promise<InputFile[]> =>
  isObjectUri(uri) ? objects().then(o => o.listInputs(uri, told)) : listFiles(uri)

/** Throws as `sniff`. */
export const look = ({ path, object }: Located): Sniffed | Promise<Sniffed> =>
  object === undefined ? sniff(path) : objects().then(o => o.sniffObject(object))

export interface OpenInput extends OpenOptions {
  /** Where our part of the file ends. */
  readonly until: number
  /** Of the task, for what is fetched ahead. */
  readonly memoryBytes?: number | undefined
}

export const openInput = (
  { path, object }: Located,
  o: OpenInput,
): ByteStream | Promise<ByteStream> =>
  object === undefined ? openBytes(path, o) : objects().then(m => m.openObject(object, o))

/**
 * Looks at each file when a run is planned. Of objects that are not split only the first are looked at,
 * many at a time; null for the others, which are looked at when they are read.
 */
export async function lookAll<T>(
  files: readonly InputFile[],
  { splitBytes, told }: Pick<PlanRequest, 'splitBytes' | 'told'>,
  lookAt: (file: InputFile) => Promise<T>,
): Promise<(T | null)[]> {
  const looked: (T | null)[] = []
  if (files[0]?.object === undefined) {
    for (const file of files) looked.push(await lookAt(file))
    return looked
  }
  const { default: pLimit } = await import('p-limit')
  const limit = pLimit(LOOKING_AT_ONCE)
  const chosen = files.map((file, i) => i < LOOKED_MAX || file.bytes > splitBytes)
  let done = 0
  const lookAtOne = async (file: InputFile): Promise<T> => {
    const found = await lookAt(file)
    told?.({ found: files.length, looked: ++done })
    return found
  }
  return Promise.all(files.map((file, i) => (chosen[i] ? limit(() => lookAtOne(file)) : null)))
}
