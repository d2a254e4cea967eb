/** A column that is filled from the bytes of nested values, part by part. */
import { bytesPerRow, type Column, isText, lanes, newColumn } from './column.ts'
import { isNested, type Kind } from './kind.ts'
import type { ByteSource } from './byte-sink.ts'
import { codecOf } from './nested.ts'
import { Pool } from './pool.ts'

/** Of a dictionary; then another one is begun. */
const ENTRIES_MAX = 1 << 16
const BYTES_MAX = 4 << 20

export interface PartColumn {
  readonly column: Column
  /** Stores the value that comes next, which is not null. */
  read(from: ByteSource, row: number): void
  none(row: number): void
  /** A batch begins. */
  renew(): void
  /** Makes room for so many rows; those there stay. */
  room(rows: number): void
}

/** `part`: the kind that the bytes have; `kind`: the column's, which may be nullable where that is not. */
export const partColumn = (part: Kind, kind: Kind, rows: number): PartColumn =>
  isText(part) ? new PooledPart(part, kind, rows) : new PlainPart(kind, rows)

class PlainPart implements PartColumn {
  readonly column: Column
  readonly #width: number
  #bytes: Uint8Array
  constructor(kind: Kind, rows: number) {
    this.column = newColumn(kind, rows)
    this.#width = bytesPerRow(kind)
    this.#bytes = new Uint8Array(this.column.values.buffer)
  }
  read(from: ByteSource, row: number): void {
    const { bytes, at } = from
    const to = row * this.#width
    for (let i = 0; i < this.#width; i++) this.#bytes[to + i] = bytes[at + i] as number
    from.at = at + this.#width
    if (this.column.valid !== null) this.column.valid[row] = 1
  }
  none(row: number): void {
    this.#bytes.fill(0, row * this.#width, (row + 1) * this.#width)
    if (this.column.valid !== null) this.column.valid[row] = 0
  }
  renew(): void {}
  room(rows: number): void {
    if (grow(this.column, rows)) this.#bytes = new Uint8Array(this.column.values.buffer)
  }
}

class PooledPart implements PartColumn {
  readonly column: Column
  readonly #part: Kind
  /** Whether the bytes say their length first, which an entry does not. */
  readonly #counted: boolean
  constructor(part: Kind, kind: Kind, rows: number) {
    this.column = newColumn(kind, rows, new Pool(!isNested(part)))
    this.#part = part.required
    this.#counted = part.tag !== 'list' && part.tag !== 'struct'
  }
  read(from: ByteSource, row: number): void {
    const pool = this.column.pool as Pool
    const start = this.#counted ? from.at + 4 : from.at
    codecOf(this.#part).skip(from)
    const { bytes } = from
    this.column.values[row] = pool.unique
      ? pool.intern(bytes, start, from.at)
      : pool.append(bytes, start, from.at)
    if (this.column.valid !== null) this.column.valid[row] = 1
  }
  none(row: number): void {
    this.column.values[row] = 0
    if (this.column.valid !== null) this.column.valid[row] = 0
  }
  /** Those who hold the dictionary before keep it. Values that have parts are seldom there twice: no dictionary. */
  renew(): void {
    const { unique, count, size } = this.column.pool as Pool
    if (isNested(this.#part)) this.column.pool = new Pool(false)
    else if (!unique || count >= ENTRIES_MAX || size >= BYTES_MAX) this.column.pool = new Pool(true)
  }
  room(rows: number): void {
    grow(this.column, rows)
  }
}

/** False where there is room already. */
function grow(column: Column, rows: number): boolean {
  const { kind, values, valid } = column
  const have = values.length / lanes(kind)
  if (rows <= have) return false
  const larger = newColumn(kind, Math.max(rows, have * 2), column.pool ?? undefined)
  ;(larger.values as Int32Array).set(values as Int32Array)
  column.values = larger.values
  if (valid !== null) larger.valid?.set(valid)
  column.valid = larger.valid
  return true
}
