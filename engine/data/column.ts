/**
 * A column: one kind's values for the rows of a batch, in typed arrays.
 *
 * | tag                        | values                          | a lambda sees               |
 * |----------------------------|---------------------------------|-----------------------------|
 * | bool                       | Uint8Array, 0 or 1              | boolean                     |
 * | int32                      | Int32Array                      | number                      |
 * | int64                      | Float64Array, whole numbers     | number                      |
 * | bigint                     | BigInt64Array                   | bigint                      |
 * | float32, float64           | Float32Array, Float64Array      | number                      |
 * | decimal, up to 15 digits   | Float64Array, value × 10^scale  | number                      |
 * | decimal, 16 to 38 digits   | BigInt64Array, 2 a row (low, high) | number, fault past 2^53 units |
 * | date                       | Int32Array, days since 1970     | epoch milliseconds          |
 * | timestamp, datetime        | Float64Array, microseconds      | epoch milliseconds          |
 * | utf8, bytes                | Int32Array, codes into `pool`   | string, Uint8Array          |
 * | json, list, struct         | codes into `pool` (`nested.ts`) | a value of its own, an array, an object |
 *
 * int64 as BigInt64Array reads six times slower than as Float64Array, hence whole doubles. `valid`
 * is one byte a row (1: there is a value), or null where no row is null; the value under a null is 0.
 */
import { isWide, type Kind } from './kind.ts'
import { Pool } from './pool.ts'

export type Values = Uint8Array | Int32Array | Float32Array | Float64Array | BigInt64Array

export interface Column {
  readonly kind: Kind
  values: Values
  /** One byte a row, 1 where there is a value; null where every row has one. */
  valid: Uint8Array | null
  /** What the codes of a column of text, bytes or nested values point into; null for other kinds. */
  pool: Pool | null
}

/** Text, bytes and what is nested: the kinds whose values are codes. */
export const isText = ({ tag }: Kind): boolean =>
  tag === 'utf8' || tag === 'bytes' || tag === 'json' || tag === 'list' || tag === 'struct'

/** Entries of `values` a row: 2 for wide decimals, else 1. */
export const lanes = (kind: Kind): number => (isWide(kind) ? 2 : 1)

export type Buffers = ArrayBuffer | SharedArrayBuffer

/** Bytes that a row of this kind takes in `values`. */
export function bytesPerRow(kind: Kind): number {
  if (kind.tag === 'bool') return 1
  if (isText(kind) || kind.tag === 'int32' || kind.tag === 'date' || kind.tag === 'float32')
    return 4
  return isWide(kind) ? 16 : 8
}

/** A typed array of the kind's layout over a buffer. */
export function valuesOver(kind: Kind, buffer: Buffers, offset: number, rows: number): Values {
  const { tag } = kind
  if (tag === 'bool') return new Uint8Array(buffer, offset, rows)
  if (tag === 'float32') return new Float32Array(buffer, offset, rows)
  if (isText(kind) || tag === 'int32' || tag === 'date') return new Int32Array(buffer, offset, rows)
  if (tag === 'bigint') return new BigInt64Array(buffer, offset, rows)
  if (isWide(kind)) return new BigInt64Array(buffer, offset, rows * 2)
  return new Float64Array(buffer, offset, rows)
}

/** Fresh, zeroed values for `rows` rows. */
export const newValues = (kind: Kind, rows: number): Values =>
  valuesOver(kind, new ArrayBuffer(rows * bytesPerRow(kind)), 0, rows)

/** A fresh column for up to `rows` rows, with validity where the kind may be null. */
export function newColumn(kind: Kind, rows: number, pool?: Pool): Column {
  return {
    kind,
    values: newValues(kind, rows),
    valid: kind.optional ? new Uint8Array(rows) : null,
    pool: isText(kind) ? (pool ?? new Pool(true)) : null,
  }
}
