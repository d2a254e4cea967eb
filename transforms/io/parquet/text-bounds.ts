/**
 * Least and greatest of byte strings, unsigned byte by byte. Long ones are cut to 64 bytes, text at a
 * character; a cut maximum is stepped up so that it still covers the values, or left out.
 */
import type { Statistics } from './format.ts'

const BYTES_MAX = 64

/** A string in memory of its own, which the next one overwrites: rising values bring one a row. */
class Extreme {
  bytes = Buffer.allocUnsafeSlow(BYTES_MAX)
  /** -1: there is none yet. */
  length = -1
  /** Its first three bytes, as a number: most strings are dismissed by them alone. */
  prefix = 0

  set(bytes: Uint8Array, start: number, end: number, prefix: number): void {
    this.length = end - start
    this.prefix = prefix
    if (this.length > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(2 * this.length)
    const own = this.bytes
    if (this.length > BYTES_MAX) own.set(bytes.subarray(start, end))
    else for (let i = start, o = 0; i < end; i++, o++) own[o] = bytes[i] as number
  }

  value(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.length))
  }
}

export class TextBounds {
  readonly #min = new Extreme()
  readonly #max = new Extreme()

  observe(bytes: Uint8Array, start: number, end: number): void {
    const prefix = prefixOf(bytes, start, end)
    const [min, max] = [this.#min, this.#max]
    if (min.length < 0 || (prefix <= min.prefix && below(bytes, start, end, min)))
      min.set(bytes, start, end, prefix)
    if (max.length < 0 || (prefix >= max.prefix && above(bytes, start, end, max)))
      max.set(bytes, start, end, prefix)
  }

  /** Takes in the bounds of other values. */
  merge(other: TextBounds): void {
    for (const { bytes, length } of [other.#min, other.#max])
      if (length >= 0) this.observe(bytes, 0, length)
  }

  clear(): void {
    this.#min.length = -1
    this.#max.length = -1
  }

  bounds(text: boolean): Omit<Statistics, 'nullCount'> | null {
    if (this.#min.length < 0) return null
    const [min, max] = [this.#min.value(), this.#max.value()]
    const cutMax = max.length > BYTES_MAX ? stepUp(cut(max, text), text) : max
    return {
      min: cut(min, text),
      max: cutMax,
      minExact: min.length <= BYTES_MAX,
      maxExact: max.length <= BYTES_MAX,
    }
  }
}

function prefixOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 2)
    return (
      ((bytes[start] as number) << 16) |
      ((bytes[start + 1] as number) << 8) |
      (bytes[start + 2] as number)
    )
  if (end === start) return 0
  const second = end - start > 1 ? (bytes[start + 1] as number) : 0
  return ((bytes[start] as number) << 16) | (second << 8)
}

function below(bytes: Uint8Array, start: number, end: number, than: Extreme): boolean {
  const shared = Math.min(end - start, than.length)
  for (let i = 0; i < shared; i++) {
    const d = (bytes[start + i] as number) - (than.bytes[i] as number)
    if (d !== 0) return d < 0
  }
  return end - start < than.length
}

function above(bytes: Uint8Array, start: number, end: number, than: Extreme): boolean {
  const shared = Math.min(end - start, than.length)
  for (let i = 0; i < shared; i++) {
    const d = (bytes[start + i] as number) - (than.bytes[i] as number)
    if (d !== 0) return d > 0
  }
  return end - start > than.length
}

function cut(value: Buffer, text: boolean): Buffer {
  if (value.length <= BYTES_MAX) return value
  let end = BYTES_MAX
  // A continuation byte (10xxxxxx) at the cut belongs to a character that began before it.
  if (text) while (end > 0 && ((value[end] as number) & 0xc0) === 0x80) end--
  return value.subarray(0, end)
}

/** The shortest change upwards that keeps text valid: the last ASCII character, or byte, plus one. */
function stepUp(value: Buffer, text: boolean): Buffer | null {
  const top = text ? 0x7e : 0xfe
  let at = value.length - 1
  while (at >= 0 && (value[at] as number) > top) at--
  if (at < 0) return null
  const stepped = Buffer.from(value.subarray(0, at + 1))
  stepped[at] = (stepped[at] as number) + 1
  return stepped
}
