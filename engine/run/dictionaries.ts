/** Which text column of an exchange has which of the arena's dictionaries, and how large they may be. */
import type { Stages } from '../compile/stages.ts'
import { isText } from '../data/column.ts'
import type { DictionaryLimits } from './exchange/arena.ts'

const ENTRIES_MAX = 1 << 20
const ENTRIES_MIN = 1 << 12
/** Of text columns in all exchanges: address space that a dictionary takes is reserved. */
const DICTIONARIES_MAX = 64

/** The number of the dictionary of the exchange's first text column. */
export function firstDictionary(stages: Stages, exchange: number): number {
  let count = 0
  for (const { id, schema } of stages.exchanges)
    if (id < exchange) count += schema.list.filter(f => isText(f.kind)).length
  return count
}

/** A sixteenth of the memory for all of them; a single one may have an entry for each KB. */
export function dictionaryLimits(stages: Stages, memoryBytes: number): DictionaryLimits {
  const count = firstDictionary(stages, Number.POSITIVE_INFINITY)
  const entries = 2 ** Math.floor(Math.log2(memoryBytes / 1024))
  return {
    count: Math.min(DICTIONARIES_MAX, count),
    entriesMax: Math.max(ENTRIES_MIN, Math.min(ENTRIES_MAX, entries)),
    bytesMax: memoryBytes / 16,
  }
}
