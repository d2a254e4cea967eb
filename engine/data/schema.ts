/**
 * A schema: the columns of a collection, in order, by name. `t` makes kinds, `schema` a schema.
 * Names are untrusted input: they are looked up in a Map, never on an object's prototype.
 */
import { Fault, nearestName } from '../fault.ts'
import {
  type BigInteger,
  type Bool,
  type Bytes,
  type DateKind,
  type DateTime,
  type Decimal,
  type Float32,
  type Float64,
  type Int32,
  type Int64,
  type JsonKind,
  type Kind,
  type List,
  makeKind,
  NO_FACTS,
  type OneOf,
  type Struct,
  type Timestamp,
  type Utf8,
} from './kind.ts'

export type Fields = { readonly [column: string]: Kind }
export type RowOf<F extends Fields> = { readonly [K in keyof F]: F[K]['value'] }
export type Column<F> = keyof F & string
export type Merge<F extends Fields, G extends Fields> = {
  [K in keyof F | keyof G]: K extends keyof G ? G[K] : K extends keyof F ? F[K] : never
}

export interface Field {
  readonly name: string
  readonly kind: Kind
}

export interface Schema<in out F extends Fields> {
  /** By name; has no prototype, so `__proto__` is a column like any other. */
  readonly fields: F
  /** In order. */
  readonly list: readonly Field[]
  pick<K extends Column<F>>(...columns: K[]): Schema<{ [P in K]: F[P] }>
  omit<K extends Column<F>>(...columns: K[]): Schema<{ [P in Exclude<keyof F, K>]: F[P] }>
  extend<G extends Fields>(more: G): Schema<Merge<F, G>>
}
// biome-ignore lint/suspicious/noExplicitAny: a schema of whatever fields
export type AnySchema = Schema<any>

class SchemaOf {
  readonly list: readonly Field[]
  readonly fields: Fields
  readonly #index = new Map<string, number>()
  constructor(list: readonly Field[]) {
    this.list = list
    const fields: Record<string, Kind> = Object.create(null)
    list.forEach(({ name, kind }, i) => {
      if (this.#index.has(name))
        throw new Fault('pipeline', `column ${JSON.stringify(name)} is declared twice`)
      this.#index.set(name, i)
      fields[name] = kind
    })
    this.fields = fields
  }
  indexOf(name: string): number {
    return this.#index.get(name) ?? -1
  }
  pick(...columns: string[]): SchemaOf {
    return new SchemaOf(columns.map(name => fieldOf(this as unknown as AnySchema, name)))
  }
  omit(...columns: string[]): SchemaOf {
    for (const name of columns) fieldOf(this as unknown as AnySchema, name)
    return new SchemaOf(this.list.filter(f => !columns.includes(f.name)))
  }
  extend(more: Fields): SchemaOf {
    const added = new Map(Object.entries(more))
    const kept = this.list.map(f => ({ name: f.name, kind: added.get(f.name) ?? f.kind }))
    for (const [name, kind] of added) if (this.indexOf(name) < 0) kept.push({ name, kind })
    return new SchemaOf(kept)
  }
}

/** Declares columns, in order. Throws pipeline: a value is not a kind. */
export function schema<F extends Fields>(fields: F): Schema<F> {
  return schemaOf(Object.entries(fields).map(([name, kind]) => ({ name, kind }))) as Schema<F>
}

/** The same from a list: for names that an object literal cannot hold in order (`1`, `__proto__`). */
export function schemaOf(list: readonly Field[]): AnySchema {
  for (const { name, kind } of list)
    if (typeof kind?.tag !== 'string')
      throw new Fault('pipeline', `column ${JSON.stringify(name)} has no kind`, {
        hint: 'declare it with t, such as t.utf8 or t.int32.nullable',
      })
  return new SchemaOf(list) as unknown as AnySchema
}

/** Position of a column, -1 where there is none. */
export const indexOf = (s: AnySchema, name: string): number =>
  (s as unknown as SchemaOf).indexOf(name)

/** A column by name. Throws pipeline: there is none, with the nearest name. */
export function fieldOf(s: AnySchema, name: string): Field {
  const found = s.list[indexOf(s, name)]
  if (found) return found
  const names = s.list.map(f => f.name)
  const near = nearestName(name, names)
  throw new Fault('pipeline', `column ${JSON.stringify(name)} does not exist`, {
    detail: [`have  ${names.slice(0, 40).join(' ')}${names.length > 40 ? ' …' : ''}`],
    ...(near === undefined ? {} : { hint: `did you mean ${JSON.stringify(near)}?` }),
  })
}

/** `a:int32? b:decimal(10,3)`: how a schema reads in a plan and enters a fingerprint. */
export const describe = (s: AnySchema): string =>
  s.list.map(f => `${JSON.stringify(f.name)}:${f.kind.name}`).join(' ')

/** Lists and structs in one another: as deep as the levels of a Parquet file go, and the stack. */
const DEPTH_MAX = 100

function checkDepth(part: Kind): void {
  if (depthOf(part) < DEPTH_MAX) return
  throw new Fault('pipeline', `a kind is nested more than ${DEPTH_MAX} deep`, {
    hint: 'declare an inner part as t.json',
  })
}

function depthOf({ tag, inner }: Kind): number {
  if (tag === 'list') return 1 + depthOf(inner as Kind)
  if (tag !== 'struct') return 0
  return 1 + Math.max(...(inner as AnySchema).list.map(f => depthOf(f.kind)))
}

export const t = {
  bool: makeKind<Bool>('bool', 'bool'),
  int32: makeKind<Int32>('int32', 'int32'),
  /** A JS number; a value past 2^53 is refused. */
  int64: makeKind<Int64>('int64', 'int64'),
  /** 64-bit, seen as a bigint. */
  bigint: makeKind<BigInteger>('bigint', 'bigint'),
  float32: makeKind<Float32>('float32', 'float32'),
  float64: makeKind<Float64>('float64', 'float64'),
  /** Exact: a scaled integer inside, a number in a lambda. Precision 1 to 38. */
  decimal(precision: number, scale: number): Decimal {
    const whole = Number.isInteger(precision) && Number.isInteger(scale)
    if (!whole || precision < 1 || precision > 38 || scale < 0 || scale > precision)
      throw new Fault('pipeline', `decimal(${precision}, ${scale}) is not possible`, {
        hint: 'precision is 1 to 38 digits in all, scale 0 to precision of them after the point',
      })
    const name = `decimal(${precision},${scale})`
    return makeKind<Decimal>('decimal', name, { precision, scale, values: null })
  },
  utf8: makeKind<Utf8>('utf8', 'utf8'),
  /** A utf8 column with a closed set of values: any other is a reject at the scan, an error in a lambda. */
  oneOf<const V extends string>(...values: V[]): OneOf<V> {
    const facts = { precision: 0, scale: 0, values }
    return makeKind<OneOf<V>>(
      'utf8',
      `oneOf(${values.map(v => JSON.stringify(v)).join(',')})`,
      facts,
    )
  },
  bytes: makeKind<Bytes>('bytes', 'bytes'),
  /** Epoch milliseconds of midnight UTC in a lambda; days inside. */
  date: makeKind<DateKind>('date', 'date'),
  /** An instant: epoch milliseconds in a lambda; microseconds UTC inside. */
  timestamp: makeKind<Timestamp>('timestamp', 'timestamp'),
  /** A wall clock's date and time, without a zone; stored as if it were UTC. */
  datetime: makeKind<DateTime>('datetime', 'datetime'),
  /** Any JSON value, kept as its text. Null is the column's, never the text `null`. */
  json: makeKind<JsonKind>('json', 'json'),
  /** An array of values of one kind; its elements are null where that kind may be. */
  list<K extends Kind>(of: K): List<K> {
    checkDepth(of)
    return makeKind<List<K>>('list', `list(${of.name})`, { ...NO_FACTS, inner: of })
  },
  /** A row within a row: one field at least. */
  struct<G extends Fields>(of: Schema<G>): Struct<G> {
    if (of.list.length === 0)
      throw new Fault('pipeline', 'a struct without fields has no value to tell from another', {
        hint: 'give it a field, or declare the column as t.json',
      })
    for (const { kind } of of.list) checkDepth(kind)
    return makeKind<Struct<G>>('struct', `struct(${describe(of)})`, { ...NO_FACTS, inner: of })
  },
} as const
