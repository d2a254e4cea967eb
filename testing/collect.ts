/** A sink that keeps rows for an assertion: fragments are v8-serialised rows in files, read back at the end. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import { type ReadRow, rowReader } from '../engine/compile/rows.ts'
import type { Batch } from '../engine/data/batch.ts'
import type { AnySchema } from '../engine/data/schema.ts'
import type { FileSink, Fragment, FragmentWriter } from '../engine/io/sink.ts'

export type AnyRow = Record<string, unknown>

export function collectSink(folder: string): FileSink {
  return {
    sink: 'files',
    format: 'rows',
    extension: '.rows',
    uri: folder,
    columns: [],
    options: {
      partitionBy: [],
      sortBy: [],
      rowsPerFile: null,
      bytesPerFile: Infinity,
      names: 'asIs',
      overwrite: false,
    },
    fingerprint: `rows ${folder}`,
    open: (path, schema) => new RowsWriter(path, schema),
    async assemble(fragments, path) {
      const rows = fragments.flatMap(f => readRows(f.path))
      writeFileSync(path, serialize(rows))
      return rows.length
    },
  }
}

/** Rows that a collect sink wrote. */
export const readRows = (path: string): AnyRow[] => deserialize(readFileSync(path)) as AnyRow[]

class RowsWriter implements FragmentWriter {
  readonly #path: string
  readonly #reader: (batch: Batch) => ReadRow
  readonly #rows: AnyRow[] = []
  constructor(path: string, schema: AnySchema) {
    this.#path = path
    this.#reader = rowReader(schema)
  }
  get heldBytes(): number {
    return this.#rows.length * 100
  }
  write(batch: Batch, from = 0, to = batch.selected): number {
    const row = this.#reader(batch)
    for (let k = from; k < to; k++) this.#rows.push(row(batch.selection?.[k] ?? k))
    return to
  }
  close(): Fragment {
    const bytes = serialize(this.#rows)
    writeFileSync(this.#path, bytes)
    return { path: this.#path, rows: this.#rows.length, bytes: bytes.length }
  }
  abort(): void {
    rmSync(this.#path, { force: true })
  }
}
