/**
 * The environment of a fused kernel: which slot holds each column at one point of the chain. Slots
 * 0 to n-1 are the input's columns; derived columns get slots of their own. A projection changes
 * names alone and costs nothing at run time.
 */
import type { Kind } from '../data/kind.ts'
import type { AnySchema } from '../data/schema.ts'

export interface Bound {
  readonly name: string
  readonly kind: Kind
  readonly slot: number
}
export type Env = readonly Bound[]

export const envOf = (schema: AnySchema): Env =>
  schema.list.map((f, slot) => ({ name: f.name, kind: f.kind, slot }))

export function bound(env: Env, name: string): Bound {
  const found = env.find(b => b.name === name)
  if (!found) throw new Error(`no column ${JSON.stringify(name)} in this kernel`)
  return found
}
