/**
 * Values of a column as little-endian 32-bit words, as Parquet stores them: one word for INT32 and
 * FLOAT, two for INT64 and DOUBLE, four for wide decimals. One small loop a layout, so that each
 * stays monomorphic.
 */
import type { Column, Values } from '../../../engine/data/column.ts'
import { isWide, type Kind } from '../../../engine/data/kind.ts'

export type Gather = (into: Int32Array, at: number, from: Range) => void
export interface Range {
  readonly values: Values
  /** Row indices; null: the rows themselves. */
  readonly rows: Int32Array | null
  readonly from: number
  readonly to: number
}

/** Words a value takes in the file. */
export function wordsOf(kind: Kind): 1 | 2 | 4 {
  if (kind.tag === 'decimal') return kind.precision <= 9 ? 1 : kind.precision <= 18 ? 2 : 4
  return kind.tag === 'int32' || kind.tag === 'date' || kind.tag === 'float32' ? 1 : 2
}

export function gatherOf(kind: Kind): Gather {
  if (isWide(kind)) return kind.precision <= 18 ? lowWords : quads
  if (kind.tag === 'decimal') return kind.precision <= 9 ? wholeWords : wholePairs
  if (kind.tag === 'float64' || kind.tag === 'bigint') return pairs
  return wordsOf(kind) === 1 ? singles : wholePairs
}

/** The same memory as words. */
const wordsOver = (values: Column['values']): Int32Array =>
  values instanceof Int32Array
    ? values
    : new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2)

function singles(into: Int32Array, at: number, { values, rows, from, to }: Range): void {
  const source = wordsOver(values)
  if (rows === null) {
    into.set(source.subarray(from, to), at)
    return
  }
  for (let k = from, o = at; k < to; k++) into[o++] = source[rows[k] as number] as number
}

function pairs(into: Int32Array, at: number, { values, rows, from, to }: Range): void {
  const source = wordsOver(values)
  if (rows === null) {
    into.set(source.subarray(2 * from, 2 * to), at)
    return
  }
  for (let k = from, o = at; k < to; k++) {
    const i = 2 * (rows[k] as number)
    into[o++] = source[i] as number
    into[o++] = source[i + 1] as number
  }
}

function quads(into: Int32Array, at: number, { values, rows, from, to }: Range): void {
  const source = wordsOver(values)
  for (let k = from, o = at; k < to; k++) {
    const i = 4 * (rows === null ? k : (rows[k] as number))
    into[o++] = source[i] as number
    into[o++] = source[i + 1] as number
    into[o++] = source[i + 2] as number
    into[o++] = source[i + 3] as number
  }
}

/** The low half of 128 bits: decimals of 16 to 18 digits fit it. */
function lowWords(into: Int32Array, at: number, { values, rows, from, to }: Range): void {
  const source = wordsOver(values)
  for (let k = from, o = at; k < to; k++) {
    const i = 4 * (rows === null ? k : (rows[k] as number))
    into[o++] = source[i] as number
    into[o++] = source[i + 1] as number
  }
}

function wholeWords(into: Int32Array, at: number, { values, rows, from, to }: Range): void {
  const source = values as Float64Array
  if (rows === null) for (let k = from, o = at; k < to; k++) into[o++] = source[k] as number
  else for (let k = from, o = at; k < to; k++) into[o++] = source[rows[k] as number] as number
}

function wholePairs(into: Int32Array, at: number, { values, rows, from, to }: Range): void {
  const source = values as Float64Array
  for (let k = from, o = at; k < to; k++) {
    const v = source[rows === null ? k : (rows[k] as number)] as number
    const high = Math.floor(v * 2.3283064365386963e-10)
    into[o++] = v - high * 4294967296
    into[o++] = high
  }
}
