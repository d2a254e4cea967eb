/** How each kind but text is read from its BSON value: a table by tag. */
import type { Tag } from '../../../../engine/data/kind.ts'
import { binary } from './bytes.ts'
import { decimal } from './decimal.ts'
import type { Decode } from './fields.ts'
import { nested } from './nested.ts'
import { bigint, bool, float, int32, int64 } from './numbers.ts'
import { date, time } from './times.ts'

export const DECODE: { readonly [T in Exclude<Tag, 'utf8'>]: Decode } = {
  bool,
  int32,
  int64,
  bigint,
  float32: float,
  float64: float,
  decimal,
  date,
  timestamp: time,
  datetime: time,
  bytes: binary,
  json: nested,
  list: nested,
  struct: nested,
}
