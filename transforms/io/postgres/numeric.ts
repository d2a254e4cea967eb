/**
 * Postgres' numeric, exactly, to and from scaled integers. Digits to the base 10,000, the first with the
 * weight 10,000^weight:
 *
 * | offset | size | meaning                                                           |
 * |--------|------|-------------------------------------------------------------------|
 * | 0      | 2    | count of digits                                                   |
 * | 2      | 2    | weight of the first digit                                         |
 * | 4      | 2    | sign: 0x0000 +, 0x4000 -, 0xC000 NaN, 0xD000 ∞, 0xF000 -∞          |
 * | 6      | 2    | digits after the decimal point that are shown                     |
 * | 8      | 2    | each digit                                                        |
 *
 * -12345.67 is 0003 0001 4000 0002, 0001 0929 1A2C (1, 2345, 6700).
 */
import type { Kind } from '../../../engine/data/kind.ts'
import { POW10 } from '../../../engine/data/value.ts'
import { FLAW } from './flaws.ts'

const [NEGATIVE, NAN, INFINITE] = [0x4000, 0xc000, 0xd000]
const HEAD = 8

/** Units of a decimal of up to 15 digits; NaN where it takes `wideNumeric` to tell them, or what is wrong. */
export function narrowNumeric(view: DataView, at: number, { precision, scale }: Kind): number {
  const count = view.getInt16(at)
  const sign = view.getUint16(at + 4)
  if (count > 4 || sign > NEGATIVE) return Number.NaN
  let value = 0
  for (let i = 0; i < count; i++) value = value * 10_000 + view.getInt16(at + HEAD + 2 * i)
  if (value > Number.MAX_SAFE_INTEGER) return Number.NaN
  const shift = 4 * (view.getInt16(at + 2) - count + 1) + scale
  if (shift >= 0)
    value = shift < 16 ? value * (POW10[shift] as number) : value === 0 ? 0 : Number.NaN
  else {
    const power = POW10[-shift] ?? Number.NaN
    const units = Math.floor(value / power)
    if (units * power !== value) return Number.NaN
    value = units
  }
  if (!(value < (POW10[precision] as number))) return Number.NaN
  return sign === NEGATIVE ? 0 - value : value
}

/** Units, or the flaw that it has. */
export function wideNumeric(
  view: DataView,
  at: number,
  { precision, scale }: Kind,
): bigint | number {
  const count = view.getInt16(at)
  const sign = view.getUint16(at + 4)
  if (sign === NAN) return FLAW.range
  if (sign >= INFINITE) return FLAW.infinite
  const weight = view.getInt16(at + 2)
  // Postgres keeps no zeros before the first digit.
  if (count > 0 && weight > 10) return FLAW.range
  let value = 0n
  for (let i = 0; i < count; i++) value = value * 10_000n + BigInt(view.getInt16(at + HEAD + 2 * i))
  const shift = 4 * (weight - count + 1) + scale
  if (shift >= 0) value *= 10n ** BigInt(shift)
  else {
    const power = 10n ** BigInt(-shift)
    if (value % power !== 0n) return FLAW.digits
    value /= power
  }
  if (value >= 10n ** BigInt(precision)) return FLAW.range
  return sign === NEGATIVE ? -value : value
}

/** Bytes that `writeNumeric` takes at most, for the scale: 38 digits and a part at each end. */
export const NUMERIC_BYTES_MAX = HEAD + 2 * 12

/** Writes units × 10^-scale; the bytes that it took. */
export function writeNumeric(view: DataView, at: number, units: bigint, scale: number): number {
  let rest = units < 0n ? -units : units
  // The point falls between two digits.
  const pad = (4 - (scale % 4)) % 4
  rest *= BigInt(10 ** pad)
  const digits: number[] = []
  for (; rest > 0n; rest /= 10_000n) digits.push(Number(rest % 10_000n))
  const weight = digits.length - 1 - (scale + pad) / 4
  let zeros = 0
  while (digits[zeros] === 0) zeros++
  const count = digits.length - zeros
  writeHead(view, at, { count, weight: count === 0 ? 0 : weight, negative: units < 0n, scale })
  for (let i = 0; i < count; i++)
    view.setInt16(at + HEAD + 2 * i, digits[digits.length - 1 - i] as number)
  return HEAD + 2 * count
}

function writeHead(
  view: DataView,
  at: number,
  n: { count: number; weight: number; negative: boolean; scale: number },
): void {
  view.setInt16(at, n.count)
  view.setInt16(at + 2, n.weight)
  view.setUint16(at + 4, n.negative ? NEGATIVE : 0)
  view.setUint16(at + 6, n.scale)
}
