/** A value of a JSON text that is no list or object, through the decoder that a column of its kind has. */
import { bytesPerRow, type Column, newColumn } from '../../../../engine/data/column.ts'
import type { Kind } from '../../../../engine/data/kind.ts'
import type { ByteSink } from '../../../../engine/data/byte-sink.ts'
import type { Pool } from '../../../../engine/data/pool.ts'
import { type Bytes, type Fields, QUOTE } from '../fields.ts'
import { type Part, refused, refusedAs } from './json-part.ts'
import type { JsonText } from './json-text.ts'
import { takesOf } from './json-types.ts'
import { type Decode, type LeafTag, LEAVES } from './leaves.ts'
import { textOf } from './text-of.ts'
import type { Clock } from './time.ts'

const CLOCK: Clock = { parse: null, toUtc: null, epoch: true }

export class LeafPart implements Part, Fields {
  readonly #kind: Kind
  readonly #column: Column
  readonly #takes: ReturnType<typeof takesOf>
  readonly #decode: Decode | null
  readonly #raw: Uint8Array
  #why: string | null = null
  readonly at = new Int32Array(2)
  readonly stride = 1
  readonly rows = 1
  readonly json = true
  bytes: Bytes = Buffer.alloc(0) as unknown as Bytes
  view: DataView = new DataView(new ArrayBuffer(0))
  plain: Bytes = Buffer.alloc(64) as unknown as Bytes

  constructor(kind: Kind) {
    this.#kind = kind.required
    this.#column = newColumn(this.#kind, 1)
    this.#takes = takesOf(this.#kind, true)
    this.#decode = LEAVES[kind.tag as LeafTag] ?? null
    this.#raw = new Uint8Array(this.#column.values.buffer, 0, bytesPerRow(this.#kind))
  }

  read(text: JsonText, into: ByteSink): void {
    const first = text.next()
    if (first === 123 || first === 91) throw refused(this.#kind, text)
    this.bytes = text.bytes
    this.view = text.view
    text.scalar(this.at)
    this.#why = this.#takes(first, this, 0) ? null : first === QUOTE ? 'a text' : ''
    if (this.#why === null && this.#decode !== null) this.#readPlain(this.#decode, into)
    else if (this.#why === null) this.#readText(into)
    if (this.#why !== null) throw refusedAs(this.#kind, textOf(this, 0), this.#why)
  }

  #readPlain(decode: Decode, into: ByteSink): void {
    const pool = this.#column.pool as Pool | null
    pool?.clear()
    decode(this, 0, this.#column, CLOCK, null)
    if (pool === null) into.plain(this.#kind, this.#raw, 0, this.#raw.length)
    else if (this.#why === null) {
      into.word(pool.size)
      into.part(pool.bytes, 0, pool.size)
    }
  }

  #readText(into: ByteSink): void {
    const [start, end] = this.at as unknown as [number, number]
    const plain = end < 0
    const length = plain ? this.unescape(start, ~end) : end - start
    const from = plain ? 0 : start
    const bytes = plain ? this.plain : this.bytes
    const { values } = this.#kind
    if (values !== null && !values.includes(bytes.utf8Slice(from, from + length))) this.#why = ''
    into.word(length)
    into.part(bytes, from, from + length)
  }

  refuse(_row: number, why: string): void {
    this.#why ??= why
  }

  unescape(start: number, end: number): number {
    if (this.plain.length < end - start) this.plain = Buffer.alloc(2 * (end - start)) as Bytes
    const text = JSON.parse(`"${this.bytes.utf8Slice(start, end)}"`) as string
    return this.plain.write(text, 0, 'utf8')
  }
}
