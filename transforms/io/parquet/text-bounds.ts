/**
 * Least and greatest of byte strings, unsigned byte by byte. Long ones are cut to 64 bytes, text at a
 * character; a cut maximum is stepped up so that it still covers the values, or left out.
 */
import type { Statistics } from './format.ts'

const BYTES_MAX = 64

export class TextBounds {
  #min: Buffer | null = null
  #max: Buffer | null = null
  /** First three bytes of each, as a number: most strings are dismissed by them alone. */
  #minPrefix = 0
  #maxPrefix = 0

  observe(bytes: Uint8Array, start: number, end: number): void {
    const prefix = prefixOf(bytes, start, end)
    if (this.#min === null || (prefix <= this.#minPrefix && below(bytes, start, end, this.#min))) {
      this.#min = Buffer.from(bytes.subarray(start, end))
      this.#minPrefix = prefix
    }
    if (this.#max === null || (prefix >= this.#maxPrefix && above(bytes, start, end, this.#max))) {
      this.#max = Buffer.from(bytes.subarray(start, end))
      this.#maxPrefix = prefix
    }
  }

  bounds(text: boolean): Omit<Statistics, 'nullCount'> | null {
    const [min, max] = [this.#min, this.#max]
    if (min === null || max === null) return null
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

function below(bytes: Uint8Array, start: number, end: number, than: Buffer): boolean {
  const shared = Math.min(end - start, than.length)
  for (let i = 0; i < shared; i++) {
    const d = (bytes[start + i] as number) - (than[i] as number)
    if (d !== 0) return d < 0
  }
  return end - start < than.length
}

function above(bytes: Uint8Array, start: number, end: number, than: Buffer): boolean {
  const shared = Math.min(end - start, than.length)
  for (let i = 0; i < shared; i++) {
    const d = (bytes[start + i] as number) - (than[i] as number)
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
