/**
 * The walk's kernel: `walk-kernel.as` over a reader's memory. It passes over records that are as they
 * should be at 2,200 MB/s (`tokenise` in JavaScript: 800) and stops before the first that is not. And
 * the search for nulls among a column's fields.
 */
import type { Bytes, Fields } from '../files/fields.ts'
import type { Walk } from '../files/walk.ts'
import type { Exports } from '../../../engine/data/web-assembly.ts'
import type { Workspace } from '../files/workspace.ts'
import { WASM } from './walk-kernel.wasm.ts'

type Exported = Exports[string]
export interface KernelWalk extends Walk {
  /** Field of the record → field of the row; those that nobody wants go to the row's last. */
  readonly slots: Int32Array
  readonly delimiter: number
}

export class WalkKernel {
  readonly #space: Workspace
  readonly #walk: Exported
  readonly #nulls: Exported

  private constructor(space: Workspace, exports: Exports) {
    this.#space = space
    this.#walk = exports['walk'] as Exported
    this.#nulls = exports['nulls'] as Exported
  }

  /** Null where the memory is none that a kernel can see, or the file has too many columns. */
  static over(space: Workspace, slots: Int32Array): WalkKernel | null {
    const exports = space.kernel(WASM)
    if (exports === null || slots.length > space.slots.length) return null
    space.slots.set(slots)
    return new WalkKernel(space, exports)
  }

  /** Walks on; true where it came further. The window must be the workspace's own. */
  run(w: KernelWalk): boolean {
    const { window, at, starts, ends, slots, result } = this.#space
    const { next, rows, stride, rowsMax, limit, stop, recordBytesMax, delimiter } = w
    this.#walk(
      window.byteOffset,
      at.byteOffset,
      starts.byteOffset,
      ends.byteOffset,
      slots.byteOffset,
      result.byteOffset,
      w.slots.length,
      stride,
      delimiter,
      rowsMax,
      recordBytesMax,
      next,
      limit,
      Math.min(stop, limit),
      rows,
    )
    w.rows = result[0] as number
    w.next = result[1] as number
    w.lines += result[2] as number
    return w.next > next
  }

  /** Whether the walk's bytes are where the kernel looks; a long record makes the window move. */
  sees({ bytes }: { readonly bytes: Bytes }): boolean {
    return bytes === this.#space.window
  }

  /** Marks the empty nulls of field k; answers the rows whose length is another null's, in order. */
  nulls({ stride, rows }: Fields, k: number, o: { lengths: number; text: boolean }): Int32Array {
    const { window, at, left } = this.#space
    const field = at.byteOffset + 8 * k
    const { lengths, text } = o
    const to = left.byteOffset
    const count = this.#nulls(window.byteOffset, field, 8 * stride, rows, lengths, Number(text), to)
    return left.subarray(0, count)
  }
}
