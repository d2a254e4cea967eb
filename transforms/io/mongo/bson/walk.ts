/**
 * Finds the values of BSON documents: one walk over a document's bytes leaves where the value of each
 * slot lies, and of which type it is. No value is made; the decoders then go column by column. Of a
 * name that is there twice the last one counts, as for the driver.
 *
 * | slot s of row r                | value                                                      |
 * |--------------------------------|------------------------------------------------------------|
 * | `types[r * stride + s]`        | its BSON type, 0 where the document has none               |
 * | `at[2 * (r * stride + s)]`     | its first byte; of a text the first of its characters      |
 * | `at[2 * (r * stride + s) + 1]` | the byte after its last (of a text without the zero); NULL |
 */
import { type Bytes, NULL } from '../../files/fields.ts'
import { boundOf } from './bound.ts'
import type { Level } from './levels.ts'
import { broken, isAbsent, TYPE, valueEnd } from './types.ts'

export interface Places {
  readonly at: Int32Array
  readonly types: Uint8Array
  readonly stride: number
}

export class DocumentWalk implements Places {
  bytes: Bytes = Buffer.alloc(0) as unknown as Bytes
  view: DataView = new DataView(new ArrayBuffer(0))
  readonly at: Int32Array
  readonly types: Uint8Array
  readonly stride: number
  readonly #level: Level
  #end = 0

  /** `stride` slots of up to `rowsMax` documents; `at` has room for two words a slot. */
  constructor(level: Level, o: { at: Int32Array; stride: number; rowsMax: number }) {
    this.#level = level
    this.at = o.at
    this.stride = o.stride
    this.types = new Uint8Array(o.rowsMax * o.stride)
  }

  over(bytes: Bytes): void {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Walks the document at bytes[start..end) as row `row`. Throws data: it is none. */
  document(start: number, end: number, row: number): void {
    const { at, types, stride } = this
    const base = row * stride
    for (let s = base; s < base + stride; s++) {
      types[s] = TYPE.missing
      at[2 * s + 1] = NULL
    }
    if (end - start < 5 || this.view.getInt32(start, true) !== end - start) broken(TYPE.document)
    this.#end = end
    this.#walk(this.#level, start + 4, base)
  }

  #walk(level: Level, from: number, base: number): void {
    const { bytes, view } = this
    const { order } = level
    let p = from
    for (let n = 0; ; n++) {
      const type = bytes[p] as number
      if (type === 0) return
      const name = p + 1
      let k = n < order.length ? (order[n] as number) : -1
      if (k >= 0 && level.is(k, bytes, name)) p = name + (level.names[k] as Buffer).length + 1
      else {
        p = name
        while (bytes[p] !== 0 && p < this.#end) p++
        k = level.find(bytes, name, p++)
        if (n < order.length) order[n] = k
      }
      const end = valueEnd(bytes, view, type, p)
      if (end >= this.#end) broken(type)
      if (k >= 0) {
        const slots = level.slots[k] as number[]
        for (let i = 0; i < slots.length; i++) this.#note(base + (slots[i] as number), type, p, end)
        const below = level.below[k] as Level | null
        if (below !== null && (type === TYPE.document || type === TYPE.array))
          this.#walk(below, p + 4, base)
      }
      p = end
    }
  }

  #note(s: number, type: number, start: number, end: number): void {
    const { at } = this
    this.types[s] = type
    if (type === TYPE.string || type === TYPE.symbol) {
      at[2 * s] = start + 4
      at[2 * s + 1] = end - 1
    } else {
      at[2 * s] = start
      at[2 * s + 1] = isAbsent(type) ? NULL : end
    }
  }
}

/** The value of slot s (of a row times the stride, and more) as a bound. */
export function boundAt({ bytes, at, types }: DocumentWalk, s: number): string {
  const type = types[s] as number
  if (isAbsent(type)) return boundOf(bytes, TYPE.null, 0, 0)
  const text = type === TYPE.string || type === TYPE.symbol
  const start = at[2 * s] as number
  const end = at[2 * s + 1] as number
  return text ? boundOf(bytes, type, start - 4, end + 1) : boundOf(bytes, type, start, end)
}
