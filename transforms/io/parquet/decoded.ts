/** Decoded rows of one column: what a page gives, and how pieces of pages become a batch's column. */
import { type Column, isText, newValues, type Values } from '../../../engine/data/column.ts'
import { isWide, type Kind } from '../../../engine/data/kind.ts'
import { Pool } from '../../../engine/data/pool.ts'

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
}

/** Dense values to their rows, zero under nulls. */
export function spread(kind: Kind, dense: Values, levels: Int32Array, rows: number): Values {
  const values = newValues(kind, rows)
  if (isWide(kind)) spreadWide(values as BigInt64Array, dense as BigInt64Array, levels, rows)
  else if (values instanceof Int32Array) spreadInts(values, dense as Int32Array, levels, rows)
  else if (values instanceof Float64Array)
    spreadDoubles(values, dense as Float64Array, levels, rows)
  else for (let i = 0, d = 0; i < rows; i++) if (levels[i] === 1) values[i] = dense[d++] as never
  return values
}

function spreadInts(out: Int32Array, dense: Int32Array, levels: Int32Array, rows: number): void {
  let d = 0
  for (let i = 0; i < rows; i++) if (levels[i] === 1) out[i] = dense[d++] as number
}

function spreadDoubles(
  out: Float64Array,
  dense: Float64Array,
  levels: Int32Array,
  rows: number,
): void {
  let d = 0
  for (let i = 0; i < rows; i++) if (levels[i] === 1) out[i] = dense[d++] as number
}

function spreadWide(
  out: BigInt64Array,
  dense: BigInt64Array,
  levels: Int32Array,
  rows: number,
): void {
  let d = 0
  for (let i = 0; i < rows; i++)
    if (levels[i] === 1) {
      out[2 * i] = dense[d++] as bigint
      out[2 * i + 1] = dense[d++] as bigint
    }
}

export function spreadBytes(dense: Uint8Array, levels: Int32Array, rows: number): Uint8Array {
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
