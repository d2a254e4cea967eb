/** Bytes of nested values (`nested.ts`) as they are written, and where they are read from. */
import { grownSize } from './growth.ts'
import type { Kind } from './kind.ts'
import type { Pool, Utf8Buffer } from './pool.ts'

/** Bytes being written; the owner reads `bytes` up to `at` before it writes again. */
export class ByteSink {
  bytes = Buffer.allocUnsafeSlow(1024)
  view = viewOf(this.bytes)
  at = 0

  room(count: number): void {
    if (this.at + count <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(grownSize(this.at + count, this.bytes.length))
    this.bytes.copy(grown, 0, 0, this.at)
    this.bytes = grown
    this.view = viewOf(grown)
  }
  byte(value: number): void {
    this.room(1)
    this.bytes[this.at++] = value
  }
  word(value: number): void {
    this.room(4)
    this.view.setUint32(this.at, value, true)
    this.at += 4
  }
  text(value: string): void {
    this.room(4 + value.length * 3)
    const length = this.bytes.write(value, this.at + 4, 'utf8')
    this.view.setUint32(this.at, length, true)
    this.at += 4 + length
  }
  /** source[from..to), a value of fixed width as a column has it; -0 becomes 0, and every NaN one NaN. */
  plain({ tag }: Kind, source: Uint8Array, from: number, to: number): void {
    this.part(source, from, to)
    if (tag !== 'float64' && tag !== 'float32') return
    const { view, at } = this
    if (tag === 'float64') view.setFloat64(at - 8, settled(view.getFloat64(at - 8, true)), true)
    else view.setFloat32(at - 4, settled(view.getFloat32(at - 4, true)), true)
  }
  raw(value: Uint8Array): void {
    this.part(value, 0, value.length)
  }
  /** An entry of the pool, its length before it. */
  entry({ bytes, offsets }: Pool, code: number): void {
    const [start, end] = [offsets[code] as number, offsets[code + 1] as number]
    this.word(end - start)
    this.part(bytes, start, end)
  }
  /** source[from..to). Most are short, of which a view takes longer to make than to copy. */
  part(source: Uint8Array, from: number, to: number): void {
    this.room(to - from)
    const { bytes } = this
    let { at } = this
    if (to - from < 64) for (let i = from; i < to; i++) bytes[at++] = source[i] as number
    else {
      bytes.set(source.subarray(from, to), at)
      at += to - from
    }
    this.at = at
  }
}

/** Where a value is read from. */
export interface ByteSource {
  readonly bytes: Utf8Buffer
  readonly view: DataView
  at: number
}

/** A view of the same bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Adding 0 makes -0 a 0; the bits of a NaN are whatever made it. */
const settled = (value: number): number => (Number.isNaN(value) ? Number.NaN : value + 0)
