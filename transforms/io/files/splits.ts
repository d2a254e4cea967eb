/**
 * Byte ranges of text files as splits. A split owns the records that start in [start, end). Where it
 * starts is guessed: after a line break, which may lie inside quotes. The reader tells where it
 * started and ended, and the chain of those shows which guesses were wrong (speculation with
 * verification, after Ge et al., "Speculative Distributed CSV Data Parsing", SIGMOD 2019).
 */
import type { Split, SplitEnd } from '../../../engine/io/source.ts'
import type { Compression } from './compression.ts'
import type { InputFile } from './list.ts'
import type { StoredObject } from '../objects/store.ts'

export interface TextSplit {
  /** Null where the object has not been looked at yet. */
  readonly compression: Compression | null
  /** Where it lies in an object store. */
  readonly object?: StoredObject
  /** The first start, known: it need not be guessed. */
  readonly exact?: number
  /** Of a JSON file that is one array. */
  readonly array?: boolean
}

/** A file's splits; a compressed one is read as a whole, and so is what says so. */
export function splitsOf(file: InputFile, o: { detail: TextSplit; splitBytes: number }): Split[] {
  const { path: uri, bytes, object } = file
  const detail = object === undefined ? o.detail : { ...o.detail, object }
  if (object !== undefined && bytes === 0) return []
  if (detail.compression !== 'none' || detail.array)
    return [{ uri, start: 0, end: Number.POSITIVE_INFINITY, bytes, detail }]
  const splits: Split[] = []
  for (let start = 0; start < bytes; start += o.splitBytes) {
    const end = Math.min(bytes, start + o.splitBytes)
    splits.push({ uri, start, end, bytes: end - start, detail })
  }
  return splits
}

/** Splits that did not start where the one before them ended, with the right start. */
export function wrongStarts(
  splits: readonly Split[],
  ends: readonly (SplitEnd | null)[],
): Map<number, Split> {
  const wrong = new Map<number, Split>()
  let uri = ''
  let at = 0
  splits.forEach((split, index) => {
    if (split.uri !== uri) at = 0
    uri = split.uri
    const end = ends[index] ?? null
    const owns = at < split.end
    const right = owns ? end !== null && (split.start === 0 || end.startedAt === at) : end === null
    if (!right)
      wrong.set(index, { ...split, detail: { ...(split.detail as TextSplit), exact: at } })
    // After a wrong one its own end is a guess, but most often a right one: reading falls into step.
    if (end !== null && end.endedAt > at) at = end.endedAt
  })
  return wrong
}
