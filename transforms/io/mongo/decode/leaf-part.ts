/** A part that is no list or document, through the decoder that a column of its kind has. */
import { bytesPerRow, type Column, newColumn } from '../../../../engine/data/column.ts'
import type { Kind } from '../../../../engine/data/kind.ts'
import type { ByteSink } from '../../../../engine/data/byte-sink.ts'
import { PartError } from '../../files/decode/json-part.ts'
import type { LeafTag } from '../../files/decode/leaves.ts'
import type { Bytes } from '../../files/fields.ts'
import { TYPE } from '../bson/types.ts'
import type { Decode, Documents } from './fields.ts'
import { LEAVES } from './leaves.ts'
import { otherType, type Part, type Place } from './part.ts'
import { checkTexts, hexInto } from './text.ts'

export class LeafPart implements Part, Documents {
  readonly #kind: Kind
  readonly #column: Column
  readonly #decode: Decode | null
  readonly #raw: Uint8Array
  #why: string | null = null
  readonly at = new Int32Array(2)
  readonly types = new Uint8Array(1)
  readonly stride = 1
  readonly rows = 1
  readonly json = false
  bytes: Bytes = Buffer.alloc(0) as unknown as Bytes
  view: DataView = new DataView(new ArrayBuffer(0))
  plain = Buffer.alloc(24) as unknown as Bytes

  constructor(kind: Kind) {
    this.#kind = kind.required
    this.#column = newColumn(this.#kind, 1)
    this.#decode = LEAVES[kind.tag as LeafTag] ?? null
    this.#raw = new Uint8Array(this.#column.values.buffer, 0, bytesPerRow(this.#kind))
  }

  write(place: Place, s: number, into: ByteSink): void {
    this.bytes = place.bytes
    this.view = place.view
    this.types[0] = place.types[s] as number
    this.at[0] = place.at[2 * s] as number
    this.at[1] = place.at[2 * s + 1] as number
    this.#why = null
    if (this.#decode === null) this.#text(into)
    else this.#plain(this.#decode, into)
    if (this.#why === null) return
    const { message } = otherType(this.#kind, place, s)
    throw new PartError(this.#why === '' ? message : `${message} (${this.#why})`)
  }

  #plain(decode: Decode, into: ByteSink): void {
    const { pool } = this.#column
    pool?.clear()
    decode(this, 0, this.#column)
    if (pool === null) into.plain(this.#kind, this.#raw, 0, this.#raw.length)
    else {
      into.word(pool.size)
      into.raw(pool.bytes.subarray(0, pool.size))
    }
  }

  #text(into: ByteSink): void {
    checkTexts(this, 0, this.#column)
    if (this.#why !== null) return
    const [start, end] = this.at as unknown as [number, number]
    const isId = this.types[0] === TYPE.objectId
    const length = isId ? this.unescape(start, ~end) : end - start
    const from = isId ? 0 : start
    const bytes = isId ? this.plain : this.bytes
    const { values } = this.#kind
    if (values !== null && !values.includes(bytes.utf8Slice(from, from + length))) this.#why = ''
    into.word(length)
    into.raw(bytes.subarray(from, from + length))
  }

  refuse(_row: number, why: string): void {
    this.#why ??= why
  }

  unescape(start: number, end: number): number {
    return hexInto(this.bytes, start, end, this.plain)
  }
}
