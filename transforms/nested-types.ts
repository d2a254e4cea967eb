/** The columns that `unnest` and `unpack` make of a nested one. */
import type { Kind } from '../engine/data/kind.ts'
import type { Fields } from '../engine/data/schema.ts'
import type { Closed } from './join-types.ts'

/** Columns of one tag. */
export type ColumnsOf<F extends Fields, Tag extends string> = {
  [K in keyof F]: F[K]['tag'] extends Tag ? K : never
}[keyof F] &
  string

type ElementOf<K extends Kind> = K['inner'] extends Kind ? K['inner'] : never
/** A struct's fields; another element is one column of the list's own name. */
type PartsOf<K extends Kind, C extends PropertyKey> = K['tag'] extends 'struct'
  ? K['inner'] extends infer G extends Fields
    ? G
    : never
  : { readonly [P in C]: K }
type PartNames<F extends Fields, C extends keyof F> = keyof PartsOf<ElementOf<F[C]>, C> & string
/** An element may be null, or stand for an empty list. */
type MayBeNull<K extends Kind, E> = E extends true ? true : null extends K['value'] ? true : false
type Part<G extends Fields, N, E> = N extends keyof G
  ? E extends true
    ? G[N]['nullable']
    : G[N]
  : never

export type Unnested<F extends Fields, C extends keyof F, P extends string, E> = Closed<{
  [K in Exclude<keyof F, C> | `${P}${PartNames<F, C>}`]: K extends Exclude<keyof F, C>
    ? F[K]
    : K extends `${P}${infer N}`
      ? Part<PartsOf<ElementOf<F[C]>, C>, N, MayBeNull<ElementOf<F[C]>, E>>
      : never
}>
type Taken<F extends Fields, C extends keyof F, P extends string> = Exclude<keyof F, C> &
  `${P}${PartNames<F, C>}`

export interface UnnestOptions<P extends string, E extends boolean> {
  /** Before the name of each column that is made. Default ''. */
  prefix?: P
  /** A row for an empty or null list, too: what its element would have is null. Default false. */
  keepEmpty?: E
}
export type Unnesting<F extends Fields, C extends keyof F, P extends string, E extends boolean> = [
  Taken<F, C, P>,
] extends [never]
  ? [UnnestOptions<P, E>?]
  : [{ prefix?: P; 'give a prefix, the row already has': Taken<F, C, P> }]

type FieldsOf<K extends Kind> = K['inner'] extends infer G extends Fields ? G : never
export type Unpacked<F extends Fields, C extends keyof F, P extends string> = Closed<{
  [K in Exclude<keyof F, C> | `${P}${keyof FieldsOf<F[C]> & string}`]: K extends Exclude<keyof F, C>
    ? F[K]
    : K extends `${P}${infer N}`
      ? Part<FieldsOf<F[C]>, N, null extends F[C]['value'] ? true : false>
      : never
}>
type Within<F extends Fields, C extends keyof F, P extends string> = Exclude<keyof F, C> &
  `${P}${keyof FieldsOf<F[C]> & string}`
export type Unpacking<F extends Fields, C extends keyof F, P extends string> = [
  Within<F, C, P>,
] extends [never]
  ? [{ prefix?: P }?]
  : [{ prefix?: P; 'give a prefix, the row already has': Within<F, C, P> }]
