/** How each kind without parts is read from its field, but text: a table by tag. */
import type { Column } from '../../../../engine/data/column.ts'
import type { Tag } from '../../../../engine/data/kind.ts'
import type { Fields } from '../fields.ts'
import { bool } from './bool.ts'
import { base64 } from './bytes.ts'
import { decimal } from './decimal.ts'
import { float } from './float.ts'
import { bigint, int32, int64 } from './integer.ts'
import { type Clock, time } from './time.ts'

/** Rows that a kernel left to be decoded; null: all of them. */
export type Left = Int32Array | null

/** Decodes field k of the rows into the column. */
export type Decode = (f: Fields, k: number, column: Column, clock: Clock, left: Left) => void

export type LeafTag = Exclude<Tag, 'utf8' | 'json' | 'list' | 'struct'>

export const LEAVES: { readonly [T in LeafTag]: Decode } = {
  bool,
  int32,
  int64,
  bigint,
  float32: float,
  float64: float,
  decimal,
  date: time,
  timestamp: time,
  datetime: time,
  bytes: base64,
}
