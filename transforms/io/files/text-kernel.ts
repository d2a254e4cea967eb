/**
 * Codes of a utf8 column's fields, in WebAssembly (`text-kernel.as`): a cache of the texts met lately, in
 * the reader's memory. It answers in a third of the time of `decode/text.ts`, and leaves to the column's
 * dictionary what the cache has not: a new text, an escaped one.
 */
import type { Column } from '../../../engine/data/column.ts'
import { hashBytes, type Pool } from '../../../engine/data/pool.ts'
import type { Fields } from './fields.ts'
import { WASM } from './text-kernel.wasm.ts'
import type { Exports } from '../../../engine/data/web-assembly.ts'
import type { Workspace } from './workspace.ts'

export class TextKernel {
  readonly #space: Workspace
  readonly #exports: Exports
  readonly #cache: number
  readonly #sets: number
  readonly #bytes: number
  /** Whose codes the cache has. */
  #pool: Pool | null = null

  private constructor(space: Workspace, exports: Exports, cache: number) {
    this.#space = space
    this.#exports = exports
    this.#cache = cache
    this.#sets = space.textSets
    this.#bytes = space.textBytes
  }

  /** With a cache of its own; null where the memory is none that a kernel can see. */
  static over(space: Workspace): TextKernel | null {
    const exports = space.kernel(WASM)
    return exports && new TextKernel(space, exports, space.textCache())
  }

  /** As `interned`: field k of all rows, whose bytes lie in the workspace's window, as does the column. */
  intern(f: Fields, k: number, column: Column): void {
    const { window, at } = this.#space
    const pool = column.pool as Pool
    const values = column.values as Int32Array
    if (this.#pool !== pool) (this.#exports['forget'] as Exports[string])(this.#cache, this.#sets)
    this.#pool = pool
    const codes = this.#exports['codes'] as Exports[string]
    const valid = column.valid?.byteOffset ?? 0
    const from = at.byteOffset + 8 * k
    const step = 8 * f.stride
    const { rows } = f
    let code = -1
    for (let row = 0; ; row++) {
      row = codes(
        window.byteOffset,
        from,
        step,
        row,
        rows,
        values.byteOffset,
        valid,
        this.#cache,
        this.#sets,
        this.#bytes,
        code,
      )
      if (row === rows) return
      const p = 2 * (row * f.stride + k)
      const start = at[p] as number
      const end = at[p + 1] as number
      if (end >= 0) {
        code = pool.internHashed(f.bytes, start, end, hashBytes(f.bytes, start, end))
        values[row] = code
      } else {
        values[row] = pool.intern(f.plain, 0, f.unescape(start, ~end))
        if (column.valid) column.valid[row] = 1
        code = -1
      }
    }
  }
}
