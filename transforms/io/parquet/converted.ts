/** What a conversion answers, and the steps that several of them share. */
import type { Values } from '../../../engine/data/column.ts'
import { FLAW } from './flaws.ts'
import type { Raw } from './plain-read.ts'

export interface Converted {
  readonly values: Values
  /** One byte a value, as in `flaws.ts`; null where all are well. */
  readonly flaws: Uint8Array | null
}
export type Conversion = (raw: Raw) => Converted

export const clean = (values: Values): Converted => ({ values, flaws: null })

/** The words' own memory, of just these values: conversions that keep bits take it over. */
export function exact({ words, count }: Raw, lanes: number): ArrayBuffer {
  return words.slice(0, count * lanes).buffer as ArrayBuffer
}

/** 64-bit integers as the nearest doubles. */
export function toDoubles({ words, count }: Raw, signed = true): Float64Array {
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const high = words[2 * i + 1] as number
    values[i] = (signed ? high : high >>> 0) * 4294967296 + ((words[2 * i] as number) >>> 0)
  }
  return values
}

/** As they are where none lies past ±`most`; else those that do are flagged. */
export function within(values: Float64Array, most = Number.MAX_SAFE_INTEGER): Converted {
  for (let i = 0; i < values.length; i++) {
    const v = values[i] as number
    if (v > most || v < -most) return { values, flaws: flagBeyond(values, most) }
  }
  return { values, flaws: null }
}

function flagBeyond(values: Float64Array, most: number): Uint8Array {
  const flaws = new Uint8Array(values.length)
  for (let i = 0; i < values.length; i++)
    if (!(Math.abs(values[i] as number) <= most)) {
      flaws[i] = FLAW.range
      values[i] = 0
    }
  return flaws
}
