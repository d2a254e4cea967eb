/** A reader of a file that lacks columns, whose rows are all rejects: their columns as JSON. */
import { type Batch, columnOf } from '../../../engine/data/batch.ts'
import type { Column } from '../../../engine/data/column.ts'
import { isWide } from '../../../engine/data/kind.ts'
import { readUnits, readValue } from '../../../engine/data/value.ts'
import type { ReadRequest, SplitEnd, SplitReader } from '../../../engine/io/source.ts'
import { decimalText } from './cells.ts'

const RAW_MAX = 4096

export class RejectingReader implements SplitReader {
  readonly #inner: SplitReader
  readonly #request: ReadRequest
  readonly #uri: string
  readonly #column: string
  readonly #reason: string

  constructor(
    inner: SplitReader,
    o: { request: ReadRequest; missing: readonly string[]; uri: string },
  ) {
    const [first = ''] = o.missing
    const more = o.missing.length > 1 ? ` (and ${o.missing.length - 1} more)` : ''
    this.#inner = inner
    this.#request = o.request
    this.#uri = o.uri
    this.#column = first
    this.#reason = `the file lacks column ${JSON.stringify(first)}${more}`
  }

  async next(): Promise<null> {
    for (let batch = await this.#inner.next(); batch !== null; batch = await this.#inner.next())
      this.#reject(batch)
    return null
  }

  #reject(batch: Batch): void {
    for (let i = 0; i < batch.selected; i++) {
      const row = batch.selection ? (batch.selection[i] as number) : i
      const raw = textOf(batch, row)
      this.#request.reject({
        reason: this.#reason,
        column: this.#column,
        uri: batch.origin?.uri ?? this.#uri,
        line: null,
        offset: batch.origin?.offsets?.[row] ?? null,
        raw: raw.length > RAW_MAX ? `${raw.slice(0, RAW_MAX)}…` : raw,
      })
    }
  }

  /** There is no batch to widen. */
  widen(): Batch {
    throw new Error('a reader without rows has no batch')
  }

  end(): SplitEnd | null {
    return this.#inner.end()
  }

  close(): void | Promise<void> {
    return this.#inner.close()
  }
}

function textOf(batch: Batch, row: number): string {
  const values = batch.schema.list.map(({ name }, k) => [name, shown(columnOf(batch, k), row)])
  return JSON.stringify(Object.fromEntries(values), (_, v) =>
    typeof v === 'bigint' ? String(v) : v,
  )
}

function shown(column: Column, row: number): unknown {
  if (column.valid !== null && column.valid[row] === 0) return null
  const { tag, scale } = column.kind
  if (isWide(column.kind)) return decimalText(readUnits(column, row), tag === 'decimal' ? scale : 0)
  const value = readValue(column, row)
  if (tag === 'timestamp' || tag === 'datetime' || tag === 'date')
    return new Date(value as number).toISOString()
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}
