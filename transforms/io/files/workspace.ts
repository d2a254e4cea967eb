/**
 * The memory that a reader walks in: its window, and the positions of the fields found there. It is
 * one WebAssembly memory, so that a kernel sees what the decoders see; where the system grants none,
 * plain arrays, and the walk goes without its kernel.
 *
 * | offset    | what                        |
 * |-----------|-----------------------------|
 * | 0         | 16 words of a kernel's own  |
 * | `starts`  | a word a row                |
 * | `ends`    | a word a row                |
 * | `at`      | two words a field of a row  |
 * | `slots`   | a word a field of a record  |
 * | `window`  | bytes, and slack            |
 */
import type { Bytes } from './fields.ts'
import { type WasmMemory, wasm } from './web-assembly.ts'

/** About what the second-level cache holds: what is tokenised is decoded from there. */
export const WINDOW_BYTES = 512 * 1024
/** Room behind a window's bytes: the sentinel, and the words that a walk reads from it on. */
export const SLACK_BYTES = 64
/** Columns of the file, whatever the schema has. */
export const SLOTS_MAX = 4096
const PAGE_BYTES = 65_536
const RESULT_BYTES = 64

export class Workspace {
  /** Null where there is none. */
  readonly memory: WasmMemory | null
  readonly result: Int32Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly at: Int32Array
  readonly slots: Int32Array
  readonly window: Bytes

  constructor(rowsMax: number, fieldsMax: number) {
    const words = 2 * rowsMax + 2 * rowsMax * fieldsMax + SLOTS_MAX
    this.memory = memoryOf(RESULT_BYTES + 4 * words + WINDOW_BYTES + SLACK_BYTES)
    const buffer =
      this.memory?.buffer ?? new ArrayBuffer(RESULT_BYTES + 4 * words + WINDOW_BYTES + SLACK_BYTES)
    let offset = 0
    const take = (count: number): Int32Array => {
      const array = new Int32Array(buffer, offset, count)
      offset += 4 * count
      return array
    }
    this.result = take(RESULT_BYTES / 4)
    this.starts = take(rowsMax)
    this.ends = take(rowsMax)
    this.at = take(2 * rowsMax * fieldsMax)
    this.slots = take(SLOTS_MAX)
    this.window = Buffer.from(buffer, offset, WINDOW_BYTES + SLACK_BYTES) as Bytes
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
