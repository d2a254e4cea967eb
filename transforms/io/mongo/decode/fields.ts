/** What the decoders of a page's columns read, and how they refuse a row. */
import type { Column } from '../../../../engine/data/column.ts'
import type { Fields } from '../../files/fields.ts'
import { isAbsent, TYPE } from '../bson/types.ts'

export interface Documents extends Fields {
  /** Slot k of row r is of BSON type types[r * stride + k]. */
  readonly types: Uint8Array
}

/** Decodes slot k of all rows into the column. */
export type Decode = (f: Documents, k: number, column: Column) => void

/** Why a row is refused where its type is not one that the column takes. */
export const OTHER_TYPE = ''

/** Whether slot k of the row has no value: then it is null, or the row is refused. */
export function absent(f: Documents, row: number, k: number, { valid }: Column): boolean {
  const type = f.types[row * f.stride + k] as number
  const none = isAbsent(type)
  if (valid !== null) valid[row] = none ? 0 : 1
  else if (none) f.refuse(row, type === TYPE.missing ? 'missing' : OTHER_TYPE)
  return none
}
