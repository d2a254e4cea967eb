/** A chunk of booleans: one bit a value, nothing to choose. */
import type { Column } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { body, type Bounds, ChunkWriter, type Depth } from './chunk-write.ts'
import { ENCODING } from './format.ts'

export class BoolChunk extends ChunkWriter {
  readonly full = false
  #page: Uint8Array
  #count = 0
  #falses = 0
  #trues = 0
  /** Of the chunk's pages before. */
  #falsesBefore = 0
  #truesBefore = 0

  constructor(kind: Kind, rowsPerPage: number, depth: Depth | null = null) {
    super(kind, rowsPerPage, depth)
    this.#page = new Uint8Array(rowsPerPage)
  }

  get heldBytes(): number {
    return this.#page.length + this.pages.data.buffer.length
  }

  gather({ values }: Column, rows: Int32Array | null, from: number, to: number): number {
    const source = values as Uint8Array
    if (this.#count + to - from > this.#page.length) {
      const grown = new Uint8Array(2 * (this.#count + to - from))
      grown.set(this.#page)
      this.#page = grown
    }
    const page = this.#page
    let o = this.#count
    if (rows === null) for (let k = from; k < to; k++) page[o++] = source[k] as number
    else for (let k = from; k < to; k++) page[o++] = source[rows[k] as number] as number
    this.#count = o
    return to
  }

  encode(): void {
    const count = this.#count
    const bytes = (count + 7) >> 3
    body.reserve(bytes)
    body.buffer.fill(0, body.size, body.size + bytes)
    let trues = 0
    for (let i = 0; i < count; i++) {
      const bit = this.#page[i] as number
      const at = body.size + (i >> 3)
      body.buffer[at] = (body.buffer[at] as number) | (bit << (i & 7))
      trues += bit
    }
    body.size += bytes
    this.#trues += trues
    this.#falses += count - trues
    this.pages.add(body.view(), this.slots, ENCODING.PLAIN)
    this.#count = 0
  }

  clear(): void {
    this.#count = 0
    this.#falses = 0
    this.#trues = 0
    this.#falsesBefore = 0
    this.#truesBefore = 0
  }

  dictionary(): null {
    return null
  }

  endBounds(): Bounds | null {
    const found = boundsOf(this.#falses, this.#trues)
    this.#falsesBefore += this.#falses
    this.#truesBefore += this.#trues
    this.#falses = 0
    this.#trues = 0
    return found
  }

  bounds(): Bounds | null {
    return boundsOf(this.#falsesBefore, this.#truesBefore)
  }
}

function boundsOf(falses: number, trues: number): Bounds | null {
  if (trues + falses === 0) return null
  const [min, max] = [falses === 0 ? 1 : 0, trues === 0 ? 0 : 1]
  return { min: Buffer.of(min), max: Buffer.of(max), minExact: true, maxExact: true }
}
