/** How each kind but text is read from its BSON value: a table by tag. */
import type { Tag } from '../../../../engine/data/kind.ts'
import type { Decode } from './fields.ts'
import { LEAVES } from './leaves.ts'
import { nested } from './nested.ts'

export const DECODE: { readonly [T in Exclude<Tag, 'utf8'>]: Decode } = {
  ...LEAVES,
  json: nested,
  list: nested,
  struct: nested,
}
