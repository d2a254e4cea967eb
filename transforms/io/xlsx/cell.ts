/** A cell as it is walked over: where it is, what its tag says, and the bytes of its value. */
import type { Bytes } from '../files/fields.ts'
import type { Xml } from './xml.ts'

/** What a cell's value is; null and n: a number, s: the number of a shared text, e: an error. */
export type CellType = 's' | 'b' | 'e' | 'd' | 'str' | 'inlineStr' | 'n' | null

const [EQUALS, SPACE, R, S, T] = [61, 32, 114, 115, 116]

export class Cell {
  /** From 0; -1 before a row's first cell. */
  column = -1
  type: CellType = null
  style = 0
  /** True where there is a value, if only an empty one. */
  valued = false
  formula = false
  bytes = Buffer.allocUnsafe(1024) as Bytes
  length = 0

  /** By its tag; without a reference it is the next one. */
  start({ bytes, nameEnd, tagEnd }: Xml): void {
    this.column++
    this.type = null
    this.style = this.length = 0
    this.valued = this.formula = false
    for (let i = nameEnd; i < tagEnd; i++) {
      if (bytes[i] !== EQUALS) continue
      const name = (bytes[i - 2] as number) <= SPACE ? bytes[i - 1] : 0
      const start = i + 2
      const quote = bytes[i + 1]
      for (i = start; i < tagEnd && bytes[i] !== quote; ) i++
      if (name === R) this.column = columnAt(bytes, start)
      else if (name === S) this.style = Number(bytes.latin1Slice(start, i))
      else if (name === T)
        this.type =
          i === start + 1 && bytes[start] === S ? 's' : (bytes.latin1Slice(start, i) as CellType)
    }
  }

  /** Adds the text found. */
  take(xml: Xml): void {
    const text = xml.plain ? null : xml.text()
    const count = text === null ? xml.textEnd - xml.textStart : Buffer.byteLength(text)
    if (this.length + count > this.bytes.length) {
      const grown = Buffer.allocUnsafe(2 * (this.length + count)) as Bytes
      this.bytes.copy(grown, 0, 0, this.length)
      this.bytes = grown
    }
    if (text === null) copy(xml.bytes, xml.textStart, { into: this.bytes, at: this.length, count })
    else this.bytes.write(text, this.length)
    this.length += count
  }

  text(): string {
    return this.bytes.utf8Slice(0, this.length)
  }

  /** The whole number that it is; NaN: something else. */
  whole(): number {
    let value = 0
    for (let i = 0; i < this.length; i++) {
      const digit = (this.bytes[i] as number) - 48
      if (digit >>> 0 > 9) return Number.NaN
      value = value * 10 + digit
    }
    return this.length === 0 ? Number.NaN : value
  }

  hasExponent(): boolean {
    for (let i = 0; i < this.length; i++) if (((this.bytes[i] as number) | 32) === 101) return true
    return false
  }
}

/** As Buffer's own, which costs more than the bytes where they are few. */
export function copy(
  from: Bytes,
  start: number,
  { into, at, count }: { into: Bytes; at: number; count: number },
): void {
  if (count > 40) from.copy(into, at, start, start + count)
  else for (let i = 0; i < count; i++) into[at + i] = from[start + i] as number
}

/** The column of a reference such as `AB17`, from 0. */
function columnAt(bytes: Bytes, start: number): number {
  let column = 0
  for (let i = start; ; i++) {
    const letter = ((bytes[i] as number) | 32) - 97
    if (letter >>> 0 > 25) return column - 1
    column = column * 26 + letter + 1
  }
}

/** `AB` for 27. */
export function lettersOf(column: number): string {
  const last = String.fromCharCode(65 + (column % 26))
  return column < 26 ? last : lettersOf(Math.floor(column / 26) - 1) + last
}
