/**
 * Kinds: what a column's values are. A kind carries two types: what a lambda sees (`value`, a
 * phantom that exists at compile time only) and what the engine stores (`tag`, see `column.ts`).
 * Each kind is an interface of its own, so that hovers and errors read
 * `{ price: Decimal; customerId: Nullable<Int32> }`. Of a nested kind `inner` is the element of a list,
 * or the fields of a struct (at run time their schema, `structOf` in `nested.ts`).
 */
import type { AnySchema, Fields, RowOf } from './schema.ts'

export type Tag =
  | 'bool'
  | 'int32'
  | 'int64'
  | 'bigint'
  | 'float32'
  | 'float64'
  | 'decimal'
  | 'utf8'
  | 'bytes'
  | 'date'
  | 'timestamp'
  | 'datetime'
  | 'json'
  | 'list'
  | 'struct'

// biome-ignore lint/suspicious/noExplicitAny: `any` is the top of V, which is covariant
export interface Kind<out V = any, out T extends string = string, out Inner = unknown> {
  readonly name: string
  readonly tag: T
  readonly inner: Inner
  /** Exists in types only. */
  readonly value: V
  readonly nullable: Kind
  readonly required: Kind
  /** True where null is a value of this kind. */
  readonly optional: boolean
  /** Digits in all, of a decimal (1 to 38); 0 for other kinds. */
  readonly precision: number
  /** Digits after the point, of a decimal; 0 for other kinds. */
  readonly scale: number
  /** The closed set of values of a `oneOf`, else null. */
  readonly values: readonly string[] | null
}

interface Base<out Self extends Kind, out V, out T extends string, out Inner = unknown>
  extends Kind<V, T, Inner> {
  readonly nullable: Nullable<Self>
  readonly required: Self
}
export interface Nullable<out K extends Kind>
  extends Kind<K['value'] | null, K['tag'], K['inner']> {
  readonly nullable: Nullable<K>
  readonly required: K
}
export interface Bool extends Base<Bool, boolean, 'bool'> {}
export interface Int32 extends Base<Int32, number, 'int32'> {}
export interface Int64 extends Base<Int64, number, 'int64'> {}
export interface BigInteger extends Base<BigInteger, bigint, 'bigint'> {}
export interface Float32 extends Base<Float32, number, 'float32'> {}
export interface Float64 extends Base<Float64, number, 'float64'> {}
export interface Decimal extends Base<Decimal, number, 'decimal'> {}
export interface Utf8 extends Base<Utf8, string, 'utf8'> {}
export interface OneOf<out V extends string> extends Base<OneOf<V>, V, 'utf8'> {}
export interface Bytes extends Base<Bytes, Uint8Array, 'bytes'> {}
export interface DateKind extends Base<DateKind, number, 'date'> {}
export interface Timestamp extends Base<Timestamp, number, 'timestamp'> {}
export interface DateTime extends Base<DateTime, number, 'datetime'> {}
export interface JsonKind extends Base<JsonKind, Json, 'json'> {}
export interface List<out K extends Kind> extends Base<List<K>, readonly K['value'][], 'list', K> {}
export interface Struct<out G extends Fields> extends Base<Struct<G>, RowOf<G>, 'struct', G> {}

/** What JSON can say. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json }

type Facts = Pick<Kind, 'precision' | 'scale' | 'values'>
export const NO_FACTS: Facts = { precision: 0, scale: 0, values: null }

/** Makes a kind with its nullable twin; the two know each other. */
export function makeKind<K extends Kind>(
  tag: Tag,
  name: string,
  facts: Facts & { readonly inner?: unknown } = NO_FACTS,
): K {
  const required = { name, tag, inner: null, optional: false, ...facts } as unknown as {
    nullable: unknown
    required: unknown
  }
  const nullable = { ...required, name: `${name}?`, optional: true }
  required.nullable = nullable.nullable = nullable
  required.required = nullable.required = required
  return required as unknown as K
}

/** The same kind where it may be null, or may not. */
export const withOptional = (kind: Kind, optional: boolean): Kind =>
  optional ? kind.nullable : kind.required

/** List, struct, json: values that have parts. */
export const isNested = ({ tag }: Kind): boolean =>
  tag === 'list' || tag === 'struct' || tag === 'json'

/** Equal storage and meaning, whatever the nullability of the whole or of a part. */
export const sameKind = (a: Kind, b: Kind): boolean =>
  a.tag === b.tag && a.precision === b.precision && a.scale === b.scale && sameInner(a, b)

function sameInner(a: Kind, b: Kind): boolean {
  if (a.tag === 'list') return sameKind(a.inner as Kind, b.inner as Kind)
  if (a.tag !== 'struct') return true
  const [left, right] = [a, b].map(kind => (kind.inner as AnySchema).list)
  if (left === undefined || left.length !== right?.length) return false
  return left.every(({ name, kind }, i) => {
    const other = right[i]
    return other !== undefined && other.name === name && sameKind(kind, other.kind)
  })
}

/** Decimals of up to 15 digits are scaled integers in a Float64Array; wider ones are 128-bit. */
export const NARROW_DIGITS = 15
export const isWide = (kind: Kind): boolean =>
  kind.tag === 'decimal' && kind.precision > NARROW_DIGITS
