/**
 * Copies the values of chosen rows: target[at + k] = source[rows[from + k]], or the rows from … to
 * themselves where `rows` is null. One function for each kind of array, so that each loop stays
 * monomorphic: one shared loop over five kinds of typed array ran four times slower.
 */
import { isText, lanes, type Values } from '../../data/column.ts'
import type { Kind } from '../../data/kind.ts'

export interface Rows {
  /** Indices of rows; null: the rows themselves, all in order. */
  readonly rows: Int32Array | null
  readonly from: number
  readonly to: number
}
export type Gather = (source: Values, target: Values, at: number, chosen: Rows) => void

/** The copier for a kind's values. */
export function gatherOf(kind: Kind): Gather {
  const copy = copierOf(kind) as Copy<Values>
  const width = lanes(kind)
  return (source, target, at, { rows, from, to }) => {
    if (rows !== null) copy(source, target, at, rows, from, to)
    else
      (target as Int32Array).set(
        source.subarray(from * width, to * width) as Int32Array,
        at * width,
      )
  }
}

type Copy<A> = (
  source: A,
  target: A,
  at: number,
  rows: Int32Array,
  from: number,
  to: number,
) => void

function copierOf(kind: Kind): unknown {
  if (lanes(kind) === 2) return copyWide
  if (kind.tag === 'bool') return copyBytes
  if (kind.tag === 'float32') return copyFloat32
  if (kind.tag === 'bigint') return copyBigint
  const narrow = kind.tag === 'int32' || kind.tag === 'date' || isText(kind)
  return narrow ? copyInt32 : copyFloat64
}

export const copyBytes: Copy<Uint8Array> = (source, target, at, rows, from, to) => {
  for (let k = from; k < to; k++) target[at++] = source[rows[k] as number] as number
}
export const copyInt32: Copy<Int32Array> = (source, target, at, rows, from, to) => {
  for (let k = from; k < to; k++) target[at++] = source[rows[k] as number] as number
}
const copyFloat32: Copy<Float32Array> = (source, target, at, rows, from, to) => {
  for (let k = from; k < to; k++) target[at++] = source[rows[k] as number] as number
}
const copyFloat64: Copy<Float64Array> = (source, target, at, rows, from, to) => {
  for (let k = from; k < to; k++) target[at++] = source[rows[k] as number] as number
}
// Halves, not bigints: a loop over a BigInt64Array makes an object a row until it is optimised.
const copyBigint: Copy<BigInt64Array> = (source, target, at, rows, from, to) => {
  const halves = halvesOf(source)
  const out = halvesOf(target)
  let o = 2 * at
  for (let k = from; k < to; k++) {
    const i = 2 * (rows[k] as number)
    out[o++] = halves[i] as number
    out[o++] = halves[i + 1] as number
  }
}
const copyWide: Copy<BigInt64Array> = (source, target, at, rows, from, to) => {
  const halves = halvesOf(source)
  const out = halvesOf(target)
  let o = 4 * at
  for (let k = from; k < to; k++) {
    const i = 4 * (rows[k] as number)
    out[o++] = halves[i] as number
    out[o++] = halves[i + 1] as number
    out[o++] = halves[i + 2] as number
    out[o++] = halves[i + 3] as number
  }
}

/** 64-bit values as pairs of 32-bit ones, the low half first. */
export const halvesOf = (values: BigInt64Array): Int32Array =>
  new Int32Array(values.buffer, values.byteOffset, values.length * 2)
