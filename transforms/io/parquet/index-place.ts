/** Puts the page indexes of a file's row groups before its footer, which then tells where they lie. */
import type { PageMeta, Place, RowGroupMeta } from './format.ts'
import { columnIndex, offsetIndex } from './page-index-write.ts'

/** Of a chunk: its encoded column index, none where null, and its pages; null where it has no index. */
export interface ChunkIndex {
  readonly columns: Uint8Array | null
  readonly pages: readonly PageMeta[]
}

/** A chunk of one page has its bounds in the footer. */
export const indexOf = (pages: readonly PageMeta[]): ChunkIndex | null =>
  pages.length < 2 ? null : { columns: columnIndex(pages), pages }

/** `append` answers where it put the bytes. `indexes`: of each group's chunks. */
export function placeIndexes(
  groups: readonly RowGroupMeta[],
  indexes: readonly (readonly (ChunkIndex | null)[])[],
  append: (bytes: Uint8Array) => number,
): RowGroupMeta[] {
  const put = (bytes: Uint8Array): Place => ({ at: append(bytes), bytes: bytes.length })
  const places = (index: ChunkIndex | null | undefined) => ({
    columnIndex: index?.columns ? put(index.columns) : null,
    offsetIndex: index ? put(offsetIndex(index.pages)) : null,
  })
  return groups.map(({ rows, chunks }, g) => ({
    rows,
    chunks: chunks.map((chunk, i) => ({ ...chunk, ...places(indexes[g]?.[i]) })),
  }))
}
