/** A column of a file being written: one chunk, or a nested column's several. */
import type { Column } from '../../../engine/data/column.ts'
import type { Field } from '../../../engine/data/schema.ts'
import { chunkFor, giveBack } from './chunk-pool.ts'
import type { ChunkWriter } from './chunk-write.ts'
import { NestedColumn } from './nested-write.ts'

export interface WrittenColumn {
  /** As `leavesOfField` has them. */
  readonly chunks: readonly ChunkWriter[]
  append(column: Column, selection: Int32Array | null, from: number, to: number): void
  /** For the next row group. */
  reset(): void
  release(): void
}

export function writtenColumn(field: Field, rowsPerPage: number): WrittenColumn {
  const { tag } = field.kind
  return tag === 'list' || tag === 'struct'
    ? new NestedColumn(field, rowsPerPage)
    : new FlatColumn(field, rowsPerPage)
}

class FlatColumn implements WrittenColumn {
  chunks: readonly ChunkWriter[]
  readonly #field: Field
  readonly #rowsPerPage: number
  constructor(field: Field, rowsPerPage: number) {
    this.#field = field
    this.#rowsPerPage = rowsPerPage
    this.chunks = [chunkFor(field.kind, rowsPerPage)]
  }
  append(column: Column, selection: Int32Array | null, from: number, to: number): void {
    this.chunks[0]?.append(column, selection, from, to)
  }
  reset(): void {
    this.release()
    this.chunks = [chunkFor(this.#field.kind, this.#rowsPerPage)]
  }
  release(): void {
    giveBack(this.chunks, this.#rowsPerPage)
    this.chunks = []
  }
}
