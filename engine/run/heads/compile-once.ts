/** Generated code of the heads, made once a thread: see `engine/compile/compile-once.ts`. */
import type { AnySchema } from '../../data/schema.ts'
import { type HashRows, keyHasher } from '../exchange/hash.ts'

export { compileOnce } from '../../compile/compile-once.ts'

const hashers = new WeakMap<AnySchema, Map<string, HashRows>>()

/** As `keyHasher`, once for a schema and keys. */
export function hasherOf(schema: AnySchema, keys: readonly string[]): HashRows {
  const known = hashers.get(schema) ?? new Map<string, HashRows>()
  hashers.set(schema, known)
  const id = JSON.stringify(keys)
  const hasher = known.get(id) ?? keyHasher(schema, keys)
  known.set(id, hasher)
  return hasher
}
