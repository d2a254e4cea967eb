/** Rows of a query's result as batches; a row that does not fit its columns is rejected. */
import { type Batch, dense } from '../../../engine/data/batch.ts'
import { newColumn } from '../../../engine/data/column.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { ValueError } from '../../../engine/data/value.ts'
import type { ReadRequest, Split, SplitReader } from '../../../engine/io/source.ts'
import type { Cells } from './query.ts'
import { storeCell } from './store.ts'

export class RowReader implements SplitReader {
  readonly #schema: AnySchema
  readonly #split: Split
  readonly #request: ReadRequest
  readonly #pages: AsyncGenerator<readonly Cells[]>
  #page: readonly Cells[] = []
  #at = 0
  #row: number
  #batch: Batch | null = null

  constructor(
    schema: AnySchema,
    o: { split: Split; request: ReadRequest; rows: AsyncGenerator<readonly Cells[]> },
  ) {
    this.#schema = schema
    this.#split = o.split
    this.#request = o.request
    this.#pages = o.rows
    this.#row = o.split.start
  }

  async next(): Promise<Batch | null> {
    if (this.#at === this.#page.length) {
      const { value, done } = await this.#pages.next()
      if (done) return null
      this.#page = value
      this.#at = 0
    }
    const some = this.#page.slice(this.#at, this.#at + this.#request.rowsPerBatch)
    this.#at += some.length
    const { bytes, start, end } = this.#split
    this.#request.advance((bytes / Math.max(1, end - start)) * some.length)
    this.#batch = this.#decode(some)
    this.#row += some.length
    return this.#batch
  }

  #decode(rows: readonly Cells[]): Batch {
    const columns = this.#schema.list.map(({ kind }) => newColumn(kind, rows.length))
    const good = new Int32Array(rows.length)
    let selected = 0
    rows.forEach(({ f }, i) => {
      const flaw = columns.findIndex((column, c) => !this.#store(column, i, { c, sent: f[c]?.v }))
      if (flaw < 0) good[selected++] = i
    })
    const batch = dense(this.#schema, columns, rows.length)
    if (selected < rows.length) Object.assign(batch, { selection: good, selected })
    batch.origin = { uri: this.#split.uri, offsets: null, firstRow: this.#row }
    return batch
  }

  /** False where the cell is no value of the column: the row is rejected. */
  #store(column: Batch['columns'][0], i: number, o: { c: number; sent: unknown }): boolean {
    if (column === null) return true
    try {
      storeCell(column, i, o.sent)
      return true
    } catch (error) {
      if (!(error instanceof ValueError)) throw error
      this.#request.reject({
        reason: error.message,
        column: this.#schema.list[o.c]?.name ?? null,
        uri: this.#split.uri,
        line: this.#row + i + 1,
        offset: null,
        raw: JSON.stringify(o.sent) ?? 'null',
      })
      return false
    }
  }

  widen(): Batch {
    // Every column is decoded.
    return this.#batch as Batch
  }
  end(): null {
    return null
  }
  async close(): Promise<void> {
    await this.#pages.return(undefined)
  }
}
