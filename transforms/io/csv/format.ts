/** CSV's side of reading a record: what is null, and how quotes are undone. */
import { isText } from '../../../engine/data/column.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { type Bytes, type Fields, NULL, QUOTE } from '../files/fields.ts'
import type { TextFormat } from '../files/record-reader.ts'
import type { CsvDialect } from './options.ts'
import type { WalkKernel } from './walk-kernel.ts'

const SPACE = 32
const TAB = 9
const LENGTHS = 31

export class CsvFormat implements TextFormat {
  readonly schema: AnySchema
  readonly clocks: CsvDialect['clocks']
  readonly latin1: boolean
  readonly json = false
  readonly #nulls: readonly Buffer[]
  /** Bit n: there is a null of n bytes; the last bit for longer ones. */
  readonly #lengths: number
  readonly #kernel: WalkKernel | null

  /** `kernel`: of the memory that the records are in. */
  constructor(schema: AnySchema, dialect: CsvDialect, kernel: WalkKernel | null = null) {
    this.schema = schema
    this.#kernel = kernel
    this.clocks = dialect.clocks
    this.latin1 = dialect.latin1
    this.#nulls = dialect.nulls.map(n => Buffer.from(n, dialect.latin1 ? 'latin1' : 'utf8'))
    this.#lengths = this.#nulls.reduce((bits, n) => bits | (1 << Math.min(n.length, LENGTHS)), 0)
  }

  prepare(f: Fields, k: number): void {
    const { kind } = this.schema.list[k] as AnySchema['list'][number]
    if (kind.tag === 'utf8' && this.latin1) this.#markHigh(f, k)
    if (kind.optional) this.#markNulls(f, k, isText(kind))
  }

  /** A quoted text (or bytes) is never null; of the other kinds quoted nulls are nulls too. */
  #markNulls(f: Fields, k: number, text: boolean): void {
    const kernel = this.#kernel?.sees(f) ? this.#kernel : null
    const left = kernel?.nulls(f, k, { lengths: this.#lengths, text })
    const rows = left?.length ?? f.rows
    for (let i = 0; i < rows; i++)
      this.#markNull(f, 2 * ((left ? (left[i] as number) : i) * f.stride + k), text)
  }

  #markNull({ at, bytes }: Fields, p: number, text: boolean): void {
    const end = at[p + 1] as number
    if (end < 0) return
    let start = at[p] as number
    let to = end
    if (text) {
      if (bytes[start - 1] === QUOTE) return
    } else {
      while (to > start && isSpace(bytes[start])) start++
      while (to > start && isSpace(bytes[to - 1])) to--
    }
    const length = to - start
    if (((this.#lengths >>> (length < LENGTHS ? length : LENGTHS)) & 1) === 0) return
    if (length === 0 || this.#isNull(bytes, start, to)) at[p + 1] = NULL
  }

  #isNull(bytes: Bytes, start: number, end: number): boolean {
    return this.#nulls.some(
      n => n.length === end - start && n.every((b, i) => bytes[start + i] === b),
    )
  }

  /** Text beyond ASCII counts as escaped: `unescape` makes UTF-8 of it. */
  #markHigh({ at, bytes, stride, rows }: Fields, k: number): void {
    for (let row = 0, p = k * 2; row < rows; row++, p += stride * 2) {
      const end = at[p + 1] as number
      for (let i = at[p] as number; i < end; i++)
        if ((bytes[i] as number) > 127) {
          at[p + 1] = ~end
          break
        }
    }
  }

  unescape(source: Bytes, start: number, end: number, into: Bytes): number {
    if (this.latin1) return into.write(decode1252(source, start, end), 0, 'utf8')
    let to = 0
    for (let i = start; i < end; i++) {
      const c = source[i] as number
      into[to++] = c
      if (c === QUOTE && source[i + 1] === QUOTE && i + 1 < end && source[start - 1] === QUOTE) i++
    }
    return to
  }
}

const isSpace = (c: number | undefined): boolean => c === SPACE || c === TAB

const windows1252 = new TextDecoder('windows-1252')

function decode1252(source: Bytes, start: number, end: number): string {
  const text = windows1252.decode(source.subarray(start, end))
  return source[start - 1] === QUOTE ? text.replaceAll('""', '"') : text
}
