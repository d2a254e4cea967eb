/** Types of the joins: which keys fit, which names the result has, which of its columns may be null. */
import type { Column, Fields } from '../engine/data/schema.ts'
import type { JoinHint } from '../engine/plan/node.ts'

/** Columns of F with one of these tags. */
export type ColumnOf<F extends Fields, Tag extends string> = {
  [K in keyof F]: F[K]['tag'] extends Tag ? K : never
}[keyof F] &
  string
/** Keeps each link of a chain a closed mapped type: without it checking 80 links takes all memory. */
export type Closed<T> = T extends infer R extends Fields ? R : never

type Shared<F extends Fields, G extends Fields> = {
  [K in keyof F & keyof G]: F[K]['tag'] extends G[K]['tag'] ? K : never
}[keyof F & keyof G] &
  string
/** Columns of both sides by one name, or left name → right name. Kinds must be equal. */
export type On<F extends Fields, G extends Fields> =
  | Shared<F, G>
  | readonly Shared<F, G>[]
  | { readonly [K in keyof F & string]?: ColumnOf<G, F[K]['tag']> }
type RightKeys<O> = O extends string ? O : O extends readonly (infer K)[] ? K : O[keyof O]
type LeftKeys<O> = O extends string ? O : O extends readonly (infer K)[] ? K : keyof O
/** The right side's key beside left key K. */
type Partner<O, K> = O extends string | readonly unknown[] ? K : K extends keyof O ? O[K] : never
type RightNames<G, O, P extends string> = `${P}${Exclude<Column<G>, RightKeys<O>>}`
type Taken<F, G, O, P extends string> = keyof F & RightNames<G, O, P>

export type Joining<F extends Fields, G extends Fields, O, P extends string> = {
  on: O
  /** Put before the names of the right side's columns. */
  prefix?: P
  /** How to run it, where the engine's own choice is not wanted. */
  hint?: JoinHint
} & ([Taken<F, G, O, P>] extends [never]
  ? unknown
  : { 'give a prefix, both sides have': Taken<F, G, O, P> })

export type Inner<F extends Fields, G extends Fields, O, P extends string> = Closed<{
  [K in keyof F | RightNames<G, O, P>]: K extends keyof F
    ? F[K]
    : K extends `${P}${infer C}`
      ? C extends keyof G
        ? G[C]
        : never
      : never
}>
export type Left<F extends Fields, G extends Fields, O, P extends string> = Closed<{
  [K in keyof F | RightNames<G, O, P>]: K extends keyof F
    ? F[K]
    : K extends `${P}${infer C}`
      ? C extends keyof G
        ? G[C]['nullable']
        : never
      : never
}>
export type Full<F extends Fields, G extends Fields, O, P extends string> = Closed<{
  [K in keyof F | RightNames<G, O, P>]: K extends keyof F
    ? K extends LeftKeys<O>
      ? FullKey<F, G, K, Partner<O, K>>
      : F[K]['nullable']
    : K extends `${P}${infer C}`
      ? C extends keyof G
        ? G[C]['nullable']
        : never
      : never
}>
/** A full join's key is whichever side has it, so it may be null where either may. */
type FullKey<F extends Fields, G extends Fields, K extends keyof F, R> = R extends keyof G
  ? null extends G[R]['value']
    ? F[K]['nullable']
    : F[K]
  : F[K]
