/** JSON's side of reading a record: which type of value a kind takes, and how escapes are undone. */
import type { Kind } from '../../../engine/data/kind.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { Clock } from '../files/decode/index.ts'
import {
  isBigint,
  isBool,
  isFloat,
  isNumber,
  isText,
  isTime,
  type Takes,
  takesOf,
} from '../files/decode/json-types.ts'
import { type Bytes, type Fields, isNull, QUOTE } from '../files/fields.ts'
import type { TextFormat } from '../files/record-reader.ts'
import { BOOLS, DATED_TEXTS, NULLS, NUMBERS, TEXTS, type WalkKernel } from './walk-kernel.ts'

/** What each surely takes, as the kernel's bits; the others are asked about what it lists. */
const SURELY: ReadonlyMap<Takes, number> = new Map([
  [isNumber, NUMBERS],
  [isText, TEXTS],
  [isBool, BOOLS],
  [isFloat, NUMBERS],
  [isBigint, NUMBERS | TEXTS],
  [isTime, NUMBERS | DATED_TEXTS],
])

export class JsonFormat implements TextFormat {
  readonly latin1 = false
  readonly json = true
  readonly schema: AnySchema
  readonly clocks: readonly Clock[]
  readonly #takes: readonly Takes[]
  readonly #kernel: WalkKernel | null

  constructor(schema: AnySchema, clocks: readonly Clock[], kernel: WalkKernel | null = null) {
    this.schema = schema
    this.clocks = clocks
    this.#kernel = kernel
    this.#takes = schema.list.map(({ kind }, k) => takesOf(kind, clocks[k]?.epoch === true))
  }

  /** Values of another type are refused; the decoder then reads a null. */
  prepare(f: Fields, k: number): void {
    const left = this.#left(f, k)
    const count = left === null ? f.rows : left.length
    for (let j = 0; j < count; j++) this.#check(f, k, left === null ? j : (left[j] as number))
  }

  /** The rows that the kernel is not sure of; null: all. */
  #left(f: Fields, k: number): Int32Array | null {
    if (!this.#kernel?.sees(f)) return null
    const { optional } = (this.schema.list[k] as { kind: Kind }).kind
    const surely = SURELY.get(this.#takes[k] as Takes) as number
    return this.#kernel.others(f, k, surely | (optional ? NULLS : 0))
  }

  #check(f: Fields, k: number, row: number): void {
    const { at, bytes, stride } = f
    const p = 2 * (row * stride + k)
    if (isNull(at[p + 1] as number)) {
      if (!(this.schema.list[k] as { kind: Kind }).kind.optional) f.refuse(row, '')
      return
    }
    const start = at[p] as number
    const first = bytes[start - 1] === QUOTE ? QUOTE : (bytes[start] as number)
    const takes = this.#takes[k] as Takes
    if (!takes(first, f, p)) f.refuse(row, first === QUOTE ? 'a text' : '')
  }

  unescape(source: Bytes, start: number, end: number, into: Bytes): number {
    const text = JSON.parse(`"${source.utf8Slice(start, end)}"`) as string
    return into.write(text, 0, 'utf8')
  }
}
