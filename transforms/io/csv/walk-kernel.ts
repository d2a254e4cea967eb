/**
 * The walk's kernel: `walk-kernel.as` over a reader's memory. It passes over records that are as they
 * should be at 2,200 MB/s (`tokenise` in JavaScript: 800) and stops before the first that is not.
 */
import type { Walk } from '../files/walk.ts'
import type { Exports } from '../files/web-assembly.ts'
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

  private constructor(space: Workspace, walk: Exported) {
    this.#space = space
    this.#walk = walk
  }

  /** Null where the memory is none that a kernel can see, or the file has too many columns. */
  static over(space: Workspace, slots: Int32Array): WalkKernel | null {
    const walk = space.kernel(WASM)?.['walk']
    if (walk === undefined || slots.length > space.slots.length) return null
    space.slots.set(slots)
    return new WalkKernel(space, walk)
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
  sees(w: KernelWalk): boolean {
    return w.bytes === this.#space.window
  }
}
