/**
 * Arrays of columns that were written out, for the columns of the next task of the thread: an exchange
 * of many partitions else grows hundreds of them anew for each task. Few bytes are kept; what they
 * held is still in them.
 */
import { lanes, newValues, type Values } from '../../data/column.ts'
import type { Kind } from '../../data/kind.ts'

const BYTES_MAX = 8 << 20

const spares = new Map<string, Values[]>()
let bytes = 0

/** Values of the kind with room for `rows` rows at least. */
export function takeValues(kind: Kind, rows: number): Values {
  const list = spares.get(nameOf(kind))
  const spare = list?.at(-1)
  if (spare === undefined || spare.length < rows * lanes(kind)) return newValues(kind, rows)
  list?.pop()
  bytes -= spare.byteLength
  return spare
}

/** Gives values that nobody reads any more. */
export function giveValues(kind: Kind, values: Values): void {
  if (bytes + values.byteLength > BYTES_MAX) return
  const name = nameOf(kind)
  const list = spares.get(name) ?? []
  spares.set(name, list)
  list.push(values)
  bytes += values.byteLength
}

const nameOf = (kind: Kind): string => `${kind.tag} ${lanes(kind)}`
