/** How each kind without parts is read from its BSON value, but text: a table by tag. */
import type { LeafTag } from '../../files/decode/leaves.ts'
import { binary } from './bytes.ts'
import { decimal } from './decimal.ts'
import type { Decode } from './fields.ts'
import { bigint, bool, float, int32, int64 } from './numbers.ts'
import { date, time } from './times.ts'

export const LEAVES: { readonly [T in LeafTag]: Decode } = {
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
}
