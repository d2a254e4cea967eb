/**
 * Generated code that depends on kinds alone is made once a thread for each text, so that the parts of
 * a partition, and the tasks of a run, go on with code that is warm already. Unlike lambdas' kernels
 * such code sees the same types wherever it is used, so sharing it costs nothing.
 */
import { compile } from '../../compile/door.ts'
import type { AnySchema } from '../../data/schema.ts'
import { type HashRows, keyHasher } from '../exchange/hash.ts'

const made = new Map<string, unknown>()
const hashers = new WeakMap<AnySchema, Map<string, HashRows>>()

/** As `compile`; `args` must be the same for the same text. */
export function compileOnce<T>(
  name: string,
  parameters: readonly string[],
  body: string,
  args: readonly unknown[],
): T {
  const known = made.get(body)
  if (known !== undefined) return known as T
  const fresh = compile<T>(name, parameters, body, args)
  made.set(body, fresh)
  return fresh
}

/** As `keyHasher`, once for a schema and keys. */
export function hasherOf(schema: AnySchema, keys: readonly string[]): HashRows {
  const known = hashers.get(schema) ?? new Map<string, HashRows>()
  hashers.set(schema, known)
  const id = JSON.stringify(keys)
  const hasher = known.get(id) ?? keyHasher(schema, keys)
  known.set(id, hasher)
  return hasher
}
