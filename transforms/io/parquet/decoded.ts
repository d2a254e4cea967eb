/** Decoded rows of one column: what a page gives, and how pieces of pages become a batch's column. */
import {
  type Column,
  isText,
  newValues,
  type Values,
  valuesOver,
} from '../../../engine/data/column.ts'
import { isWide, type Kind } from '../../../engine/data/kind.ts'
import { Pool } from '../../../engine/data/pool.ts'
import { pageKernel } from './page-kernel.ts'

/** Rows of a page in a column's layout. Never changed after it was made. */
export interface Decoded {
  readonly rows: number
  readonly values: Values
  /** One byte a row; null where every row has a value. */
  readonly valid: Uint8Array | null
  /** One byte a row, as in `flaws.ts`; null where all are well. */
  readonly flaws: Uint8Array | null
  readonly pool: Pool | null
}

export interface Piece {
  readonly page: Decoded
  readonly from: number
  readonly to: number
}

export interface Filled {
  readonly column: Column
  readonly flaws: Uint8Array | null
  /** What `FLAW.part` stands for, by row. */
  readonly reasons?: ReadonlyMap<number, string>
}

/** Dense values to their rows, zero under nulls. */
export function spread(kind: Kind, dense: Values, levels: Uint8Array, rows: number): Values {
  const { BYTES_PER_ELEMENT: bytes } = dense
  if (!isWide(kind) && bytes >= 4) {
    const { buffer, byteOffset, byteLength } = dense
    const words = new Int32Array(buffer, byteOffset, byteLength >> 2)
    const placed = pageKernel()?.place(words, levels, bytes === 4 ? 1 : 2)
    if (placed) return valuesOver(kind, placed.buffer, 0, rows)
  }
  const values = newValues(kind, rows)
  const lanes = isWide(kind) ? 2 : 1
  for (let i = 0, d = 0; i < rows; i++)
    if (levels[i] === 1)
      for (let lane = 0; lane < lanes; lane++) values[lanes * i + lane] = dense[d++] as never
  return values
}

export function spreadBytes(dense: Uint8Array, levels: Uint8Array, rows: number): Uint8Array {
  const out = new Uint8Array(rows)
  let d = 0
  for (let i = 0; i < rows; i++) if (levels[i] === 1) out[i] = dense[d++] as number
  return out
}

/** One column of the pieces: a view where there is one, else a copy. */
export function join(kind: Kind, pieces: readonly Piece[], rows: number): Filled {
  const lanes = isWide(kind) ? 2 : 1
  const [only] = pieces
  if (pieces.length === 1 && only) {
    const { page, from, to } = only
    const { pool } = page
    const values = page.values.subarray(from * lanes, to * lanes) as Values
    const valid = page.valid?.subarray(from, to) ?? null
    return { column: { kind, values, valid, pool }, flaws: page.flaws?.subarray(from, to) ?? null }
  }
  const pool = only?.page.pool ?? null
  const one = pieces.every(p => p.page.pool === pool)
  const values = newValues(kind, rows)
  if (one) copyValues(values, pieces, lanes)
  const into = !isText(kind) ? null : one && pool ? pool : gatherText(values as Int32Array, pieces)
  const valid = joinBytes(
    pieces.map(p => p.page.valid),
    pieces,
    rows,
    1,
  )
  const flaws = joinBytes(
    pieces.map(p => p.page.flaws),
    pieces,
    rows,
    0,
  )
  return { column: { kind, values, valid, pool: into }, flaws }
}

function copyValues(values: Values, pieces: readonly Piece[], lanes: number): void {
  let at = 0
  for (const { page, from, to } of pieces) {
    values.set(page.values.subarray(from * lanes, to * lanes) as never, at)
    at += (to - from) * lanes
  }
}

/** Where pages have pools of their own: the batch's values, one after the other, in a new pool. */
function gatherText(values: Int32Array, pieces: readonly Piece[]): Pool {
  const pool = new Pool(false)
  let at = 0
  for (const { page, from, to } of pieces) {
    const source = page.pool as Pool
    for (let i = from; i < to; i++, at++) {
      if (page.valid?.[i] === 0) continue
      const code = page.values[i] as number
      const { bytes, offsets } = source
      values[at] = pool.append(bytes, offsets[code] as number, offsets[code + 1] as number)
    }
  }
  return pool
}

function joinBytes(
  parts: readonly (Uint8Array | null)[],
  pieces: readonly Piece[],
  rows: number,
  absent: number,
): Uint8Array | null {
  if (parts.every(p => p === null)) return null
  const out = new Uint8Array(rows).fill(absent)
  let at = 0
  pieces.forEach(({ from, to }, i) => {
    const part = parts[i]
    if (part) out.set(part.subarray(from, to), at)
    at += to - from
  })
  return out
}
