/**
 * The walk's kernel: `walk-kernel.as` over a reader's memory. It passes over lines that are as they
 * should be and stops before the first that is not; it knows keys by their bytes, without escapes.
 */
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { Fields } from '../files/fields.ts'
import type { Walk } from '../files/walk.ts'
import type { Exports } from '../../../engine/data/web-assembly.ts'
import type { Workspace } from '../files/workspace.ts'
import { WASM } from './walk-kernel.wasm.ts'

/** Keys without a column that are known again. */
const STRANGE_MAX = 256
const ENTRY_BYTES = 128
/** Longer names have no place in an entry: `KEY_MAX` in the kernel. */
const NAME_BYTES_MAX = 110

/** What a field of the column's type surely looks like, as bits: `DATED_TEXTS` have a minus after the year. */
export const NUMBERS = 1
export const TEXTS = 2
export const DATED_TEXTS = 4
export const NULLS = 8
export const BOOLS = 16

export class WalkKernel {
  readonly #space: Workspace
  readonly #exports: Exports
  /** By column, two words each: the types of the batch's values, and nothing. */
  readonly #seen: Int32Array
  /** Rows of the batch that the kernel found itself. */
  #rows = 0

  private constructor(space: Workspace, o: { exports: Exports; columns: number }) {
    this.#space = space
    this.#exports = o.exports
    const { buffer, byteOffset } = space.table
    this.#seen = new Int32Array(buffer, byteOffset, 2 * (o.columns + 1))
  }

  /** Bytes of `table` that a workspace needs for a schema. */
  static tableBytes({ list }: AnySchema): number {
    const entries = (list.length + STRANGE_MAX + 2) * ENTRY_BYTES
    return (list.length + 1) * 8 + slotsFor(list.length) * 4 + entries
  }

  /** Null where the memory is none that a kernel can see, or a column's name is too long for it. */
  static over(space: Workspace, { list }: AnySchema): WalkKernel | null {
    const exports = space.kernel(WASM)
    const names = list.map(({ name }) => Buffer.from(name))
    if (exports === null || names.some(name => name.length > NAME_BYTES_MAX)) return null
    const { table, window } = space
    const max = list.length + STRANGE_MAX
    table.fill(0)
    const keys = table.byteOffset + 8 * (list.length + 1)
    call(exports, 'begin', keys, max, slotsFor(list.length), 8 * list.length)
    for (const [k, name] of names.entries()) {
      // JSON has these as escapes only, and keys with escapes are none of the kernel's.
      if (name.some(byte => byte < 32 || byte === 34 || byte === 92)) continue
      window.set(name)
      call(exports, 'add', window.byteOffset, name.length, 8 * k)
    }
    return new WalkKernel(space, { exports, columns: list.length })
  }

  /** Walks on; true where it came further. The window must be the workspace's own. */
  run(w: Walk): boolean {
    const { window, at, starts, ends, result, table } = this.#space
    const { next, rows, stride, rowsMax, limit, stop, recordBytesMax } = w
    const arrays = [window, at, starts, ends, result, table].map(part => part.byteOffset)
    // Negative where our part ends before the window begins.
    const upTo = Math.max(0, Math.min(stop, limit))
    const limits = [stride, rowsMax, recordBytesMax, next, limit, upTo, rows]
    call(this.#exports, 'walk', ...arrays, ...limits)
    w.rows = result[0] as number
    this.#rows = (rows === 0 ? 0 : this.#rows) + w.rows - rows
    w.next = result[1] as number
    w.lines += result[2] as number
    return w.next > next
  }

  /** Whether bytes are where the kernel looks; a long record makes the window move. */
  sees({ bytes }: { readonly bytes: Uint8Array }): boolean {
    return bytes === this.#space.window
  }

  /** Rows whose field k is none of those that `takes` says, in order; `rows` are those of the last walk. */
  others({ stride, rows }: Fields, k: number, takes: number): Int32Array {
    const own = rows === this.#rows
    if (own && ((this.#seen[2 * k] as number) & ~takes) === 0) return NONE
    const { window, at, left } = this.#space
    const field = at.byteOffset + 8 * k
    const places = [window.byteOffset, field, 8 * stride, rows, left.byteOffset]
    return left.subarray(0, call(this.#exports, 'others', ...places, takes))
  }
}

const NONE = new Int32Array(0)

const slotsFor = (columns: number): number =>
  2 ** Math.ceil(Math.log2(2 * (columns + STRANGE_MAX + 2)))

const call = (exports: Exports, name: string, ...words: number[]): number =>
  (exports[name] as Exports[string])(...words)
