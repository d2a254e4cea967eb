/** How each kind but text is read from its field: a table by tag. */
import type { Column } from '../../../../engine/data/column.ts'
import type { Tag } from '../../../../engine/data/kind.ts'
import type { Fields } from '../fields.ts'
import { bool } from './bool.ts'
import { base64 } from './bytes.ts'
import { decimal } from './decimal.ts'
import { float } from './float.ts'
import { bigint, int32, int64 } from './integer.ts'
import { nested } from './nested.ts'
import { type Clock, time } from './time.ts'

export type { Clock }

/** Rows that a kernel left to be decoded; null: all of them. */
export type Left = Int32Array | null

/** Decodes field k of the rows into the column. */
export type Decode = (f: Fields, k: number, column: Column, clock: Clock, left: Left) => void

export const DECODE: { readonly [T in Exclude<Tag, 'utf8'>]: Decode } = {
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
  json: nested,
  list: nested,
  struct: nested,
}
