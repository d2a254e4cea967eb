/**
 * The page index of a column chunk: where its pages lie (OffsetIndex) and what each one's values lie
 * between (ColumnIndex), so that a reader passes over pages as it does over row groups.
 * Source: parquet-format/PageIndex.md.
 */
import type { PageMeta } from './format.ts'
import { ThriftWriter, WIRE } from './thrift-write.ts'

const NONE = new Uint8Array(0)

/** `by` is added to where the pages lie. */
export function offsetIndex(pages: readonly PageMeta[], by = 0): Buffer {
  const w = new ThriftWriter()
  w.open()
  w.list(1, WIRE.struct, pages.length)
  for (const { at, bytes, firstRow } of pages) {
    w.open()
    w.i64(1, at + by)
    w.i32(2, bytes)
    w.i64(3, firstRow)
    w.close()
  }
  w.close()
  return w.out.view()
}

/** Null where a page's values have no bounds, as with NaN: the format has no way to say so of one page. */
export function columnIndex(pages: readonly PageMeta[]): Buffer | null {
  const facts = pages.map(({ rows, statistics: s }) => ({
    empty: s?.nullCount === rows,
    min: s?.min ?? null,
    max: s?.max ?? null,
    nullCount: s?.nullCount ?? 0,
  }))
  if (facts.some(f => !f.empty && (f.min === null || f.max === null))) return null
  const w = new ThriftWriter()
  w.open()
  w.list(1, WIRE.true, facts.length)
  for (const { empty } of facts) w.elementBool(empty)
  w.list(2, WIRE.binary, facts.length)
  for (const { min } of facts) w.elementBinary(min ?? NONE)
  w.list(3, WIRE.binary, facts.length)
  for (const { max } of facts) w.elementBinary(max ?? NONE)
  // Bounds in no order: a reader that searches by halves would gain nothing on so few.
  w.i32(4, 0)
  w.list(5, WIRE.i64, facts.length)
  for (const { nullCount } of facts) w.elementI64(nullCount)
  w.close()
  return w.out.view()
}
