/**
 * The memory that a reader works in: its window, the positions of the fields found there, and the
 * columns of fixed width that they are decoded into. It is one WebAssembly memory, so that kernels see
 * all of it; where the system grants none, a plain buffer, and the reader goes without its kernels.
 *
 * | part      | what                                     |
 * |-----------|------------------------------------------|
 * | `result`  | 16 words that a kernel answers in        |
 * | `powers`  | 10^0 to 10^22, doubles                   |
 * | `starts`  | a word a row                             |
 * | `ends`    | a word a row                             |
 * | `left`    | a word a row                             |
 * | `at`      | two words a field of a row               |
 * | `slots`   | a word a field of a record               |
 * | `table`   | a walk's own, of the length asked for    |
 * | `window`  | bytes, and slack                         |
 * | columns   | values, and validity where there is any  |
 * | texts     | a utf8 column's texts met lately         |
 */
import { bytesPerRow, type Column, newColumn, valuesOver } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { POW10 } from '../../../engine/data/value.ts'
import type { Bytes } from './fields.ts'
import {
  type Exports,
  instantiate,
  type WasmMemory,
  wasm,
} from '../../../engine/data/web-assembly.ts'

/** What is tokenised is decoded from the second-level cache, which holds its positions too: 512 KB take a quarter longer. */
const WINDOW_BYTES = 256 * 1024
/** Room behind a window's bytes: the sentinel, and the words that a walk reads from it on. */
export const SLACK_BYTES = 64
/** Columns of the file, whatever the schema has. */
const SLOTS_MAX = 4096
const PAGE_BYTES = 65_536
const RESULT_WORDS = 16
/** Sets and bytes of a column's texts (`text-kernel.as`), and where a schema has many columns. */
const TEXT = { sets: 8192, bytes: 256 * 1024 }
const TEXT_OF_MANY = { sets: 64, bytes: 4096 }
const MANY = 64
/** The cache's own head, and what its last words may be read past. */
const TEXT_HEAD = 32
/** What each part may lose to alignment. */
const ALIGNED = 8

export class Workspace {
  /** Null where there is none. */
  readonly memory: WasmMemory | null
  readonly result: Int32Array
  readonly powers: Float64Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly left: Int32Array
  readonly at: Int32Array
  readonly slots: Int32Array
  readonly table: Uint8Array
  readonly window: Bytes
  /** Of a utf8 column's cache: sets of two places, bytes of long texts. */
  readonly textSets: number
  readonly textBytes: number
  readonly #rowsMax: number
  readonly #buffer: ArrayBuffer
  readonly #kernels = new Map<string, Exports>()
  #offset = 0

  /** For the fields of a row (`fieldsMax`), and columns of these kinds. */
  constructor(
    rowsMax: number,
    o: { fieldsMax: number; kinds: readonly Kind[]; tableBytes?: number },
  ) {
    this.#rowsMax = rowsMax
    const { tableBytes = 0 } = o
    const words = RESULT_WORDS + 2 * POW10.length + rowsMax * (3 + 2 * o.fieldsMax) + SLOTS_MAX
    const perRow = o.kinds.reduce((sum, kind) => sum + bytesPerRow(kind) + 1, 0)
    const texts = o.kinds.filter(kind => kind.tag === 'utf8').length
    const { sets, bytes: textBytes } = o.kinds.length > MANY ? TEXT_OF_MANY : TEXT
    this.textSets = sets
    this.textBytes = textBytes
    const aligned = ALIGNED * (9 + 3 * o.kinds.length)
    const cached = texts * this.#textCacheBytes
    const bytes =
      4 * words + rowsMax * perRow + WINDOW_BYTES + SLACK_BYTES + tableBytes + aligned + cached
    this.memory = memoryOf(bytes)
    this.#buffer = this.memory?.buffer ?? new ArrayBuffer(bytes)
    this.result = this.#words(RESULT_WORDS)
    this.powers = new Float64Array(this.#buffer, this.#take(8 * POW10.length), POW10.length)
    this.powers.set(POW10)
    this.starts = this.#words(rowsMax)
    this.ends = this.#words(rowsMax)
    this.left = this.#words(rowsMax)
    this.at = this.#words(2 * rowsMax * o.fieldsMax)
    this.slots = this.#words(SLOTS_MAX)
    this.table = new Uint8Array(this.#buffer, this.#take(tableBytes), tableBytes)
    const length = WINDOW_BYTES + SLACK_BYTES
    this.window = Buffer.from(this.#buffer, this.#take(length), length) as Bytes
  }

  /** A kernel's functions over this memory, its module given as base64; null where it sees none. */
  kernel(base64: string): Exports | null {
    if (this.memory === null) return null
    const made = this.#kernels.get(base64) ?? instantiate(base64, this.memory)
    this.#kernels.set(base64, made)
    return made
  }

  /** A column of one of the kinds, as `newColumn` makes it. */
  column(kind: Kind): Column {
    const rows = this.#rowsMax
    const values = valuesOver(kind, this.#buffer, this.#take(rows * bytesPerRow(kind)), rows)
    const valid = kind.optional ? new Uint8Array(this.#buffer, this.#take(rows), rows) : null
    return { ...newColumn(kind, 0), values, valid }
  }

  /** Room for a utf8 column's texts, all zeros. */
  textCache(): number {
    return this.#take(this.#textCacheBytes)
  }

  get #textCacheBytes(): number {
    return 32 * this.textSets + this.textBytes + TEXT_HEAD
  }

  #words(count: number): Int32Array {
    return new Int32Array(this.#buffer, this.#take(4 * count), count)
  }

  #take(bytes: number): number {
    const offset = this.#offset
    this.#offset += Math.ceil(bytes / ALIGNED) * ALIGNED
    return offset
  }
}

function memoryOf(bytes: number): WasmMemory | null {
  const pages = Math.ceil(bytes / PAGE_BYTES)
  try {
    return new wasm.Memory({ initial: pages, maximum: pages })
  } catch {
    // Each memory reserves gigabytes of addresses, which a limit of the system may refuse.
    return null
  }
}
