/** How each kind but text is read from its field: a table by tag. */
import type { Tag } from '../../../../engine/data/kind.ts'
import { type Decode, LEAVES } from './leaves.ts'
import { nested } from './nested.ts'

export type { Decode, Left } from './leaves.ts'
export type { Clock } from './time.ts'

export const DECODE: { readonly [T in Exclude<Tag, 'utf8'>]: Decode } = {
  ...LEAVES,
  json: nested,
  list: nested,
  struct: nested,
}
