/**
 * Copies values to chosen places: target[to[k]] = source[from[k]] for the first `count` of both lists.
 * One loop for each kind of array, as in `exchange/gather.ts`, so that each stays monomorphic. Where a
 * place is written twice, the later write stands.
 */
import { lanes, type Values } from '../../data/column.ts'
import type { Kind } from '../../data/kind.ts'
import { halvesOf } from '../exchange/gather.ts'

export type Scatter = (
  source: Values,
  target: Values,
  from: Int32Array,
  to: Int32Array,
  count: number,
) => void

/** The copier for a kind's values. */
export function scatterOf(kind: Kind): Scatter {
  if (lanes(kind) === 2) return scatterWide
  switch (kind.tag) {
    case 'bool':
      return scatterBytes as Scatter
    case 'float32':
      return scatterFloat32
    case 'bigint':
      return scatterBigint
    case 'int32':
    case 'date':
    case 'utf8':
    case 'bytes':
    case 'json':
    case 'list':
    case 'struct':
      return scatterInt32
    default:
      return scatterFloat64
  }
}

export function scatterBytes(
  source: Values,
  target: Values,
  from: Int32Array,
  to: Int32Array,
  count: number,
): void {
  for (let k = 0; k < count; k++) target[to[k] as number] = source[from[k] as number] as number
}
const scatterInt32: Scatter = (source, target, from, to, count) => {
  for (let k = 0; k < count; k++) target[to[k] as number] = source[from[k] as number] as number
}
const scatterFloat32: Scatter = (source, target, from, to, count) => {
  for (let k = 0; k < count; k++) target[to[k] as number] = source[from[k] as number] as number
}
const scatterFloat64: Scatter = (source, target, from, to, count) => {
  for (let k = 0; k < count; k++) target[to[k] as number] = source[from[k] as number] as number
}
// Halves, not bigints: see `exchange/gather.ts`.
const scatterBigint: Scatter = (source, target, from, to, count) => {
  const halves = halvesOf(source as BigInt64Array)
  const out = halvesOf(target as BigInt64Array)
  for (let k = 0; k < count; k++) {
    const i = 2 * (from[k] as number)
    const o = 2 * (to[k] as number)
    out[o] = halves[i] as number
    out[o + 1] = halves[i + 1] as number
  }
}
const scatterWide: Scatter = (source, target, from, to, count) => {
  const halves = halvesOf(source as BigInt64Array)
  const out = halvesOf(target as BigInt64Array)
  for (let k = 0; k < count; k++) {
    const i = 4 * (from[k] as number)
    const o = 4 * (to[k] as number)
    for (let w = 0; w < 4; w++) out[o + w] = halves[i + w] as number
  }
}
