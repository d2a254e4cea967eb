/**
 * Numbers for keys of one or several columns, by first appearance, in WebAssembly (`key-kernel.as`). A key
 * is a row of 32-bit words: text is its code, -1 for null; nulls of other kinds are bits of a last word.
 * Keys and their table lie in a memory of their own, which grows; columns are copied in and out.
 *
 * | part of the memory | what                                            |
 * |--------------------|-------------------------------------------------|
 * | 0                  | values of one column at a time                  |
 * | valid              | its validity                                    |
 * | selection          | a word a row                                    |
 * | numbers            | a word a row                                    |
 * | words              | the rows' keys                                  |
 * | table              | slots, then keys by number                      |
 */
import { Fault } from '../fault.ts'
import type { Chosen } from './batch.ts'
import { type Column, isText, newValues, type Values } from './column.ts'
import { WASM } from './key-kernel.wasm.ts'
import { isWide, type Kind } from './kind.ts'
import { type Exports, instantiate, type WasmMemory, wasm } from './web-assembly.ts'

type Kernel = Exports[string]
const PAGE_BYTES = 65_536
/** All that 32 bits reach. */
const PAGES_MAX = 65_536
const FIRST_ROWS = 1024
const NULL_BITS = 32
const FIRST_KEYS = 256
/** A table that takes more may not double any more. */
const LARGE_BYTES = 2 ** 31

/** A key column: which words of a key are its own, and how it is copied. */
interface Part {
  readonly kind: Kind
  /** Of a value in its column. */
  readonly bytes: number
  /** Position in a key, in bytes. */
  readonly at: number
  readonly pack: string
  /** In the word of nulls; 0 where it needs none. */
  readonly nullBit: number
}

export class KeyNumbers {
  readonly #memory: WasmMemory
  readonly #exports: Exports
  readonly #number: Kernel
  readonly #parts: readonly Part[]
  /** Bytes of a key, and position in it of the word of nulls; -1 where there is none. */
  readonly #step: number
  readonly #nullsAt: number
  readonly #valueBytes: number
  #rowsMax = 0
  #capacity = 0
  /** By key: arrays that `column` answers with. */
  readonly #values: (Values | null)[]
  readonly #valids: (Uint8Array<ArrayBuffer> | null)[]

  private constructor(kinds: readonly Kind[], memory: WasmMemory) {
    const { parts, bytes, nullsAt } = partsOf(kinds)
    this.#memory = memory
    this.#exports = instantiate(WASM, memory)
    this.#number = this.#exports['number'] as Kernel
    this.#parts = parts
    this.#step = bytes
    this.#nullsAt = nullsAt
    this.#valueBytes = Math.max(4, ...parts.map(p => p.bytes))
    this.#values = kinds.map(() => null)
    this.#valids = kinds.map(() => null)
    this.#place(FIRST_ROWS, FIRST_KEYS)
  }

  /** A table for keys of these kinds; null where the system grants no memory for it, or there is no key, or nulls of too many. */
  static of(kinds: readonly Kind[]): KeyNumbers | null {
    if (kinds.length === 0 || nullsOf(kinds) > NULL_BITS) return null
    try {
      return new KeyNumbers(kinds, new wasm.Memory({ initial: 1, maximum: PAGES_MAX }))
    } catch (error) {
      if (error instanceof RangeError) return null
      throw error
    }
  }

  get count(): number {
    return this.#call('counted')
  }

  /** More than any bound where it could not grow any more. */
  get heldBytes(): number {
    const { byteLength } = this.#memory.buffer
    if (byteLength > LARGE_BYTES) return Number.POSITIVE_INFINITY
    return this.#values.reduce((sum, v) => sum + (v?.byteLength ?? 0), byteLength)
  }

  /** The number of each selected row's key, by row index: a view, valid until the next call. */
  assign(columns: readonly Column[], { rows, selected, selection }: Chosen): Int32Array {
    if (rows > this.#rowsMax) this.#place(Math.max(rows, this.#rowsMax * 2), this.#capacity)
    const { selectionAt, numbersAt, wordsAt } = this.#layout(this.#rowsMax)
    const { buffer } = this.#memory
    if (selection !== null)
      new Int32Array(buffer, selectionAt, selected).set(selection.subarray(0, selected))
    const chosen = selection === null ? 0 : selectionAt
    this.#pack(columns, rows, { selection: chosen, selected, wordsAt })
    for (let from = 0; ; this.#grow()) {
      from = this.#number(wordsAt, from, selected, chosen, numbersAt)
      if (from === selected) break
    }
    return new Int32Array(this.#memory.buffer, numbersAt, rows)
  }

  /** Makes room for so many keys. */
  reserve(keys: number): void {
    let capacity = this.#capacity
    while (capacity < keys) capacity *= 2
    if (capacity > this.#capacity) this.#place(this.#rowsMax, capacity)
  }

  /** Key column j of keys `from` … `to`: valid until the next call for the same column. */
  column(j: number, from: number, to: number): Pick<Column, 'values' | 'valid'> {
    const { kind, at, bytes, nullBit } = this.#parts[j] as Part
    const size = bytes === 1 ? 1 : Math.max(4, bytes)
    const values = this.#out(j, to - from)
    const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    this.#unpack('unpack', { from, to, at, last: size, size }, raw)
    if (isText(kind) || !kind.optional) return { values, valid: null }
    const valid = this.#outValid(j, to - from)
    this.#unpack('unpackValid', { from, to, at: this.#nullsAt, last: nullBit, size: 1 }, valid)
    return { values, valid }
  }

  /** Forgets all keys. */
  clear(): void {
    this.#call('keep', 0)
  }

  #pack(
    columns: readonly Column[],
    rows: number,
    { selection, selected, wordsAt }: { selection: number; selected: number; wordsAt: number },
  ): void {
    const step = this.#step
    const { validAt } = this.#layout(this.#rowsMax)
    const memory = new Uint8Array(this.#memory.buffer)
    let first = 1
    columns.forEach(({ values, valid }, j) => {
      const { pack, at, bytes, nullBit } = this.#parts[j] as Part
      memory.set(new Uint8Array(values.buffer, values.byteOffset, rows * bytes), 0)
      if (valid !== null) memory.set(valid.subarray(0, rows), validAt)
      const validity = valid === null ? 0 : validAt
      this.#call(pack, 0, validity, selection, selected, wordsAt + at, step)
      if (nullBit === 0) return
      const to = wordsAt + this.#nullsAt
      this.#call('packNulls', validity, selection, selected, to, step, nullBit, first)
      first = 0
    })
  }

  /** As many rows at a time as there is room for. */
  #unpack(
    name: 'unpack' | 'unpackValid',
    o: { from: number; to: number; at: number; last: number; size: number },
    into: Uint8Array,
  ): void {
    const keys = this.#call('keysAt')
    const most = Math.floor((this.#rowsMax * this.#valueBytes) / o.size)
    for (let from = o.from; from < o.to; from += most) {
      const rows = Math.min(most, o.to - from)
      this.#call(name, keys + from * this.#step + o.at, this.#step, rows, 0, o.last)
      into.set(new Uint8Array(this.#memory.buffer, 0, rows * o.size), (from - o.from) * o.size)
    }
  }

  #out(j: number, rows: number): Values {
    const { kind, bytes } = this.#parts[j] as Part
    const known = this.#values[j]
    const made = known && known.byteLength >= rows * bytes ? known : newValues(kind, rows)
    this.#values[j] = made
    return made.subarray(0, (rows * bytes) / made.BYTES_PER_ELEMENT)
  }

  #outValid(j: number, rows: number): Uint8Array {
    const known = this.#valids[j]
    const made = known && known.length >= rows ? known : new Uint8Array(rows)
    this.#valids[j] = made
    return made.subarray(0, rows)
  }

  #grow(): void {
    this.#place(this.#rowsMax, this.#capacity * 2)
  }

  #layout(rows: number) {
    const validAt = eights(rows * this.#valueBytes)
    const selectionAt = validAt + eights(rows)
    const numbersAt = selectionAt + eights(4 * rows)
    const wordsAt = numbersAt + eights(4 * rows)
    return {
      validAt,
      selectionAt,
      numbersAt,
      wordsAt,
      tableAt: wordsAt + eights(rows * this.#step),
    }
  }

  /** Lays the memory out anew for so many rows and keys; neither gets fewer. */
  #place(rows: number, keys: number): void {
    const { tableAt } = this.#layout(rows)
    const needed = tableAt + keys * (16 + this.#step)
    const pages = Math.ceil((needed - this.#memory.buffer.byteLength) / PAGE_BYTES)
    if (pages > 0) {
      try {
        this.#memory.grow(pages)
      } catch (cause) {
        throw new Fault('resource', `a table of ${keys} keys takes more memory than there is`, {
          cause: cause as Error,
        })
      }
    }
    this.#rowsMax = rows
    this.#capacity = keys
    this.#call('place', tableAt, keys, this.#step / 4)
  }

  #call(name: string, ...words: number[]): number {
    return (this.#exports[name] as Kernel)(...words)
  }
}

/** How many keys need a bit for their nulls. */
const nullsOf = (kinds: readonly Kind[]): number =>
  kinds.filter(kind => kind.optional && !isText(kind)).length

const eights = (bytes: number): number => (bytes + 7) & ~7

function partsOf(kinds: readonly Kind[]): { parts: Part[]; bytes: number; nullsAt: number } {
  let at = 0
  let nulls = 0
  const parts = kinds.map((kind): Part => {
    const [pack, bytes] = packOf(kind)
    const nullBit = kind.optional && !isText(kind) ? 2 ** nulls++ : 0
    const part = { kind, bytes, at, pack, nullBit }
    at += Math.max(4, bytes)
    return part
  })
  return { parts, bytes: nulls > 0 ? at + 4 : at, nullsAt: nulls > 0 ? at : -1 }
}

/** The kernel's function that copies a column of this kind, and bytes of a value. */
function packOf(kind: Kind): [string, number] {
  const { tag } = kind
  if (isText(kind)) return ['packCodes', 4]
  if (tag === 'bool') return ['packBytes', 1]
  if (tag === 'int32' || tag === 'date') return ['packWords', 4]
  if (tag === 'float32') return ['packFloats', 4]
  if (tag === 'bigint') return ['packPairs', 8]
  return isWide(kind) ? ['packQuads', 16] : ['packDoubles', 8]
}
