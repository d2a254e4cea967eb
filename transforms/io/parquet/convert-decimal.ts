/**
 * Decimals of any storage to scaled integers of ours: a greater scale is reached by multiplying, a
 * smaller one never.
 */
import { isWide, type Kind } from '../../../engine/data/kind.ts'
import { POW10 } from '../../../engine/data/value.ts'
import { type Conversion, type Converted, toDoubles, within } from './converted.ts'
import { FLAW } from './flaws.ts'
import { TYPE } from './format.ts'
import type { Leaf } from './leaf.ts'
import type { Raw } from './plain-read.ts'

export function decimalConversion(leaf: Leaf, kind: Kind): Conversion | null {
  const [precision, scale] = digitsOf(leaf)
  const shift = kind.scale - scale
  if (precision === 0 || shift < 0 || precision + shift > kind.precision) return null
  if (isWide(kind)) return raw => toWide(raw, leaf.type, kind, shift)
  return raw => toNarrow(raw, leaf.type, kind, shift)
}

/** Digits in all and after the point; 0 in all where the leaf is no whole number. */
function digitsOf({ type, meaning }: Leaf): [number, number] {
  if (meaning.is === 'decimal') return [meaning.precision, meaning.scale]
  const whole = meaning.is === 'none' || meaning.is === 'integer'
  if (whole && type === TYPE.INT32) return [10, 0]
  if (whole && type === TYPE.INT64)
    return [meaning.is === 'integer' && !meaning.signed ? 20 : 19, 0]
  return [0, 0]
}

function toNarrow(raw: Raw, type: number, kind: Kind, shift: number): Converted {
  const { count, words, bytes, starts, ends } = raw
  const values = type === TYPE.INT64 ? toDoubles(raw) : new Float64Array(count)
  if (type === TYPE.INT32) for (let i = 0; i < count; i++) values[i] = words[i] as number
  else if (type !== TYPE.INT64)
    for (let i = 0; i < count; i++) {
      const start = starts[i] as number
      let v = ((bytes[start] ?? 0) << 24) >> 24
      for (let k = start + 1; k < (ends[i] as number); k++) v = v * 256 + (bytes[k] as number)
      values[i] = v
    }
  const power = POW10[shift] as number
  if (shift > 0) for (let i = 0; i < count; i++) values[i] = (values[i] as number) * power
  return within(values, (POW10[kind.precision] as number) - 1)
}

function toWide(raw: Raw, type: number, kind: Kind, shift: number): Converted {
  const { count, words } = raw
  const values = new BigInt64Array(count * 2)
  const flaws = new Uint8Array(count)
  const power = 10n ** BigInt(shift)
  const limit = 10n ** BigInt(kind.precision)
  let flawed = false
  for (let i = 0; i < count; i++) {
    const low = words[2 * i] as number
    const units =
      power *
      (type === TYPE.INT32
        ? BigInt(words[i] as number)
        : type === TYPE.INT64
          ? (BigInt(words[2 * i + 1] as number) << 32n) | BigInt(low >>> 0)
          : bigEndian(raw, i))
    if (units >= limit || units <= -limit) {
      flaws[i] = FLAW.range
      flawed = true
      continue
    }
    values[2 * i] = BigInt.asIntN(64, units)
    values[2 * i + 1] = units >> 64n
  }
  return { values, flaws: flawed ? flaws : null }
}

function bigEndian({ bytes, starts, ends }: Raw, i: number): bigint {
  const start = starts[i] as number
  let value = BigInt(((bytes[start] ?? 0) << 24) >> 24)
  for (let k = start + 1; k < (ends[i] as number); k++)
    value = (value << 8n) | BigInt(bytes[k] as number)
  return value
}
