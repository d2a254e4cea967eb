/**
 * Columns as rows of binary COPY, into a buffer that is sent as it fills. Each column writes its own
 * field of a row: its length and its bytes, or -1 for null.
 */
import type { Batch } from '../../../engine/data/batch.ts'
import { columnOf } from '../../../engine/data/batch.ts'
import type { Column } from '../../../engine/data/column.ts'
import { type ByteSink, viewOf } from '../../../engine/data/byte-sink.ts'
import type { Pool } from '../../../engine/data/pool.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { fixed } from './encode-fixed.ts'
import { nestedField } from './encode-nested.ts'
import { NUMERIC_BYTES_MAX } from './numeric.ts'

export const CHUNK_BYTES = 256 * 1024
/** Room that a field of fixed width takes at most, its length included. */
const FIELD_BYTES = 4 + NUMERIC_BYTES_MAX
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
/** Sends a chunk, which it may keep. */
export type Send = (chunk: Buffer) => Promise<void>

export class RowEncoder {
  readonly #send: Send
  readonly #schema: AnySchema
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  #view = viewOf(this.#chunk)
  #at: number

  constructor(schema: AnySchema, send: Send) {
    this.#schema = schema
    this.#send = send
    this.#at = HEADER.copy(this.#chunk)
  }

  /** The batch's rows; `position` of the first of them goes into a last field, where it is not null. */
  async rows(batch: Batch, position: bigint | null): Promise<void> {
    const columns = this.#schema.list.map((_, i) => columnOf(batch, i))
    const nested = columns.map(nestedField)
    const fixedBytes = 2 + FIELD_BYTES * (columns.length + 1)
    for (let k = 0; k < batch.selected; k++) {
      const row = batch.selection === null ? k : (batch.selection[k] as number)
      const parts = nested.map((field, i) => field && this.#refusing(i, () => field(row)))
      const needed = fixedBytes + textBytes(columns, row, parts)
      if (this.#at + needed > this.#chunk.length) await this.#flush(needed)
      this.#row(columns, row, parts)
      if (position !== null) this.#position(position + BigInt(k))
    }
  }

  #row(columns: readonly Column[], row: number, parts: Parts): void {
    const view = this.#view
    let at = this.#at
    // The place of the count is filled in with the position's field, if there is one.
    view.setInt16(at, columns.length)
    this.#count = at
    at += 2
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i] as Column
      if (column.valid !== null && column.valid[row] === 0) {
        view.setInt32(at, -1)
        at += 4
        continue
      }
      const part = parts[i]
      const from = at
      at = part
        ? this.#part(from, part)
        : this.#refusing(i, () => field(view, from, column, row, this.#chunk))
    }
    this.#at = at
  }

  #part(at: number, { bytes, at: length }: ByteSink): number {
    this.#view.setInt32(at, length)
    bytes.copy(this.#chunk, at + 4, 0, length)
    return at + 4 + length
  }

  /** Throws data: a value of the column has no place in Postgres. */
  #refusing<T>(index: number, act: () => T): T {
    try {
      return act()
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new Fault('data', `column "${this.#schema.list[index]?.name}": ${error.message}`)
    }
  }
  #count = 0

  #position(position: bigint): void {
    this.#view.setInt16(this.#count, this.#schema.list.length + 1)
    this.#view.setInt32(this.#at, 8)
    this.#view.setBigInt64(this.#at + 4, position)
    this.#at += 12
  }

  async #flush(needed: number): Promise<void> {
    if (this.#at > 0) await this.#send(this.#chunk.subarray(0, this.#at))
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, needed))
    this.#view = viewOf(this.#chunk)
    this.#at = 0
  }

  /** The end of the data. */
  async end(): Promise<void> {
    if (this.#at + 2 > this.#chunk.length) await this.#flush(2)
    this.#view.setInt16(this.#at, -1)
    this.#at += 2
    await this.#flush(0)
  }
}

/** By column: a nested value as it is sent; null of other columns. */
type Parts = readonly (ByteSink | null)[]

function textBytes(columns: readonly Column[], row: number, parts: Parts): number {
  let bytes = 0
  for (let i = 0; i < columns.length; i++) {
    const { pool, values } = columns[i] as Column
    bytes += parts[i]?.at ?? 0
    if (pool === null || parts[i]) continue
    const code = values[row] as number
    bytes += (pool.offsets[code + 1] as number) - (pool.offsets[code] as number) + 1
  }
  return bytes
}

/** Writes a value with its length; where it ends. Throws RangeError: Postgres has no place for it. */
function field(view: DataView, at: number, column: Column, row: number, chunk: Buffer): number {
  const { kind, values, pool } = column
  if (pool !== null)
    return text(view, at, { pool, code: values[row] as number, tag: kind.tag, chunk })
  const start = at + 4
  const length = fixed(view, start, column, row)
  view.setInt32(at, length)
  return start + length
}

/** jsonb is sent as its text behind a version number. */
function text(
  view: DataView,
  at: number,
  { pool, code, tag, chunk }: { pool: Pool; code: number; tag: string; chunk: Buffer },
): number {
  const [from, to] = [pool.offsets[code] as number, pool.offsets[code + 1] as number]
  let start = at + 4
  if (tag === 'json') chunk[start++] = 1
  pool.bytes.copy(chunk, start, from, to)
  const end = start + to - from
  if (tag !== 'bytes' && chunk.subarray(start, end).includes(0))
    throw new RangeError('a text has a zero byte, which postgres does not store')
  view.setInt32(at, end - at - 4)
  return end
}
