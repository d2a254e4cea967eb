/**
 * Decoders of fixed width over a reader's memory: `decode-kernel.as`. They read what is written
 * plainly, in a third of the time of `decode/`, and answer which rows are left to it.
 */
import type { Column } from '../../../engine/data/column.ts'
import { isWide } from '../../../engine/data/kind.ts'
import { WASM } from './decode-kernel.wasm.ts'
import type { Clock, Left } from './decode/index.ts'
import type { Fields } from './fields.ts'
import type { Exports } from '../../../engine/data/web-assembly.ts'
import type { Workspace } from './workspace.ts'

export class DecodeKernel {
  readonly #space: Workspace
  readonly #exports: Exports

  private constructor(space: Workspace, exports: Exports) {
    this.#space = space
    this.#exports = exports
  }

  /** Null where the memory is none that a kernel can see. */
  static over(space: Workspace): DecodeKernel | null {
    const exports = space.kernel(WASM)
    return exports && new DecodeKernel(space, exports)
  }

  /** Line feeds among the window's bytes from..to. */
  readonly feeds = (from: number, to: number): number =>
    (this.#exports['feeds'] as Exports[string])(this.#space.window.byteOffset, from, to)

  /**
   * Decodes field k of all rows into a column of the workspace. Answers the rows that are left, in
   * order; null where all are: the kernel has nothing for the kind, or how its text is written.
   */
  decode(column: Column, clock: Clock, k: number, { stride, rows }: Fields): Left {
    const kernel = nameOf(column, clock)
    if (kernel === null) return null
    const { window, at, left, powers } = this.#space
    const { values, valid, kind } = column
    const count = (this.#exports[kernel] as Exports[string])(
      window.byteOffset,
      at.byteOffset + 8 * k,
      8 * stride,
      rows,
      values.byteOffset,
      valid?.byteOffset ?? 0,
      left.byteOffset,
      kernel === 'time' ? Number(kind.tag === 'timestamp') : kind.scale,
      powers[kind.precision] ?? 0,
      powers.byteOffset,
    )
    return left.subarray(0, count)
  }
}

/** The kernel for a column's text, as the format has it. */
function nameOf({ kind }: Column, { parse, toUtc }: Clock): string | null {
  const { tag } = kind
  if (tag === 'int32' || tag === 'int64') return tag
  if (tag === 'decimal') return isWide(kind) ? null : tag
  if (tag === 'date') return parse === null ? 'date' : null
  if (tag === 'datetime') return parse === null ? 'time' : null
  return tag === 'timestamp' && parse === null && toUtc === null ? 'time' : null
}
