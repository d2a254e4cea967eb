/** `param`: what a pipeline may be told from outside, with its type and what it is when nothing is told. */
import type { ParamSpec } from '../engine/plan/params.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'

export interface Param<out V> {
  /** Exists in types only. */
  readonly param: V
}
// biome-ignore lint/suspicious/noExplicitAny: the top of a covariant parameter
export type Params = { readonly [name: string]: Param<any> }

type Fallback = string | number | boolean | undefined
const spec = <V>(
  type: ParamSpec['type'],
  fallback: Fallback,
  values: readonly string[] | null = null,
): Param<V> => {
  const made: ParamSpec = { type, fallback: fallback ?? null, values }
  return made as unknown as Param<V>
}

/**
 * Declares parameters. Without a fallback a parameter must be given.
 *
 * Throws  pipeline: a given value is not of its type (when the plan is built)
 * @example
 * params: { input: param.uri(), keep: param.oneOf(['last', 'first'], 'last'), since: param.date('2011-01-01') }
 */
export const param = {
  /** A path or URI. */
  uri: (fallback?: string): Param<string> => spec('uri', fallback),
  text: (fallback?: string): Param<string> => spec('text', fallback),
  /** Text that is never shown: a password, a token. */
  secret: (fallback?: string): Param<string> => spec('secret', fallback),
  number: (fallback?: number): Param<number> => spec('number', fallback),
  /** True where it is given, else false. */
  flag: (): Param<boolean> => spec('flag', false),
  /** ISO text outside, epoch milliseconds inside; without a zone it is UTC. */
  date: (fallback?: string): Param<number> => spec('date', fallback),
  oneOf<const V extends string>(values: readonly V[], fallback?: NoInfer<V>): Param<V> {
    if (fallback !== undefined && !values.includes(fallback))
      refuse(`fallback ${quote(fallback)} is not one of the values`, {
        have: values,
        near: fallback,
      })
    return spec('oneOf', fallback, values)
  },
} as const
