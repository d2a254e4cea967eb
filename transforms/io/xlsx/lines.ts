/** Rows as lines of text: the row's number, then its cells, each behind a separator. */
import type { Bytes } from '../files/fields.ts'
import { copy } from './cell.ts'
import { SEPARATOR } from './options.ts'

const LF = 10

export class Lines {
  #out: Bytes
  #given = 0
  #rowStart = 0
  length = 0

  constructor(bytes: number) {
    this.#out = Buffer.allocUnsafe(bytes) as Bytes
  }

  /** What was not given yet; 0: nothing, and all is begun anew. */
  give(into: Buffer, offset: number, length: number): number {
    const count = Math.min(length, this.length - this.#given)
    this.#out.copy(into, offset, this.#given, this.#given + count)
    this.#given += count
    if (count === 0) this.length = this.#given = 0
    return count
  }

  startRow(row: number): void {
    this.#rowStart = this.length
    this.text(String(row))
  }

  endRow(): void {
    this.#room(1)
    this.#out[this.length++] = LF
  }

  /** Takes the row under way back; answers its text. */
  dropRow(): string {
    const text = this.#out.toString('utf8', this.#rowStart, this.length)
    this.length = this.#rowStart
    return text
  }

  separate(count: number): void {
    this.#room(count)
    for (let i = 0; i < count; i++) this.#out[this.length++] = SEPARATOR
  }

  text(text: string): void {
    this.#room(text.length * 3)
    this.length += this.#out.write(text, this.length)
  }

  bytes(bytes: Bytes, start: number, end: number): void {
    const count = end - start
    this.#room(count)
    copy(bytes, start, { into: this.#out, at: this.length, count })
    this.length += count
  }

  #room(bytes: number): void {
    if (this.length + bytes <= this.#out.length) return
    const grown = Buffer.allocUnsafe(2 * (this.length + bytes)) as Bytes
    this.#out.copy(grown, 0, 0, this.length)
    this.#out = grown
  }
}
