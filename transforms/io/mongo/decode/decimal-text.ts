/**
 * Decimal128 (IEEE 754-2008, binary integer significand, as the BSON specification has it): sign,
 * 14 bits of exponent biased by 6176, 113 bits of significand, in 16 bytes with the lowest first.
 */
const BIAS = 6176

/** As MongoDB writes it: `12.50`, `1E+3`, `NaN`, `-Infinity`. */
export function decimalText(view: DataView, p: number): string {
  const top = view.getUint32(p + 12, true)
  const sign = top >>> 31 === 1 ? '-' : ''
  const combination = (top >>> 26) & 31
  if (combination === 31) return 'NaN'
  if (combination === 30) return `${sign}Infinity`
  const { units, exponent } = decimalParts(view, p)
  return sign + written(String(units < 0n ? -units : units), exponent)
}

/** value = units × 10^exponent, exactly. Not for NaN and infinities (`isSpecial`). A zero has no sign. */
export function decimalParts(view: DataView, p: number): { units: bigint; exponent: number } {
  const top = view.getUint32(p + 12, true)
  const large = ((top >>> 29) & 3) === 3
  const exponent = ((large ? top >>> 15 : top >>> 17) & 0x3fff) - BIAS
  // A significand past 34 digits is not canonical, and means 0.
  if (large) return { units: 0n, exponent }
  const high = (BigInt(top & 0x1ffff) << 32n) | BigInt(view.getUint32(p + 8, true))
  const units = (high << 64n) | view.getBigUint64(p, true)
  if (units >= 10n ** 34n) return { units: 0n, exponent }
  return { units: top >>> 31 === 1 ? -units : units, exponent }
}

/** Whether it is NaN or an infinity. */
export const isSpecial = (view: DataView, p: number): boolean =>
  ((view.getUint32(p + 12, true) >>> 27) & 15) === 15

/** Digits and exponent in the notation of the Decimal128 specification. */
function written(digits: string, exponent: number): string {
  const adjusted = exponent + digits.length - 1
  if (exponent > 0 || adjusted < -6) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : ''
    return `${digits[0]}${rest}E${adjusted < 0 ? '' : '+'}${adjusted}`
  }
  if (exponent === 0) return digits
  const padded = digits.padStart(1 - exponent, '0')
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`
}
