/**
 * Rows of a row group that need not be read, told by the bounds of its pages. Pages of different columns
 * end at different rows: what lies between two ends is judged by the page of each column that holds it.
 */
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { Condition, LeaveOut } from '../../../engine/io/condition.ts'
import { type ColumnStatistics, droppedBy } from '../../../engine/io/outcome.ts'
import type { Binding } from './bind.ts'
import type { ParquetFile } from './footer-read.ts'
import type { PageMeta, RowGroupMeta } from './format.ts'
import { readPageIndex } from './page-index-read.ts'
import { columnStatistics, groupStatistics } from './statistics-read.ts'

/** Rows from..to of a row group, all dropped by the condition of that number. */
export interface Gap {
  readonly from: number
  readonly to: number
  readonly by: number
}

interface Paged {
  readonly name: string
  readonly binding: Binding
  readonly pages: readonly PageMeta[]
}

interface Place {
  readonly file: ParquetFile
  readonly schema: AnySchema
  readonly bindings: readonly Binding[]
}

/** In order, none beside another of the same condition. */
export function gapsOf(place: Place, group: RowGroupMeta, { conditions }: LeaveOut): Gap[] {
  const { schema } = place
  const paged = pagedColumns(place, group, conditions)
  if (paged.length === 0) return []
  const whole = groupStatistics(place, group, conditions).columns
  const ends = new Set([group.rows, ...paged.flatMap(c => c.pages.map(p => p.firstRow + p.rows))])
  const gaps: Gap[] = []
  const at = paged.map(() => 0)
  let from = 0
  for (const to of [...ends].sort((a, b) => a - b)) {
    const columns = new Map(whole)
    // Of part of the rows a count of nulls says nothing, unless it is none or all.
    for (const [name, s] of columns)
      columns.set(name, { ...s, nullCount: partial(s.nullCount, group.rows, to - from) })
    paged.forEach(({ name, binding, pages }, c) => {
      while (endOf(pages, at[c] as number) <= from) at[c] = (at[c] as number) + 1
      columns.set(name, within(binding, pages[at[c] as number] as PageMeta, to - from))
    })
    const by = droppedBy(conditions, { rows: to - from, columns }, name => schema.fields[name])
    const last = gaps.at(-1)
    if (by >= 0 && last?.to === from && last.by === by) gaps[gaps.length - 1] = { ...last, to }
    else if (by >= 0) gaps.push({ from, to, by })
    from = to
  }
  return gaps
}

const endOf = (pages: readonly PageMeta[], i: number): number =>
  (pages[i]?.firstRow ?? 0) + (pages[i]?.rows ?? 0)

/** The columns of the conditions whose pages have bounds. */
function pagedColumns(
  { file, schema, bindings }: Place,
  { chunks }: RowGroupMeta,
  conditions: readonly Condition[],
): Paged[] {
  const asked = new Set(conditions.flatMap(tests => tests.map(test => test.column)))
  return bindings.flatMap((binding, i) => {
    const name = schema.list[i]?.name as string
    const chunk = chunks[binding.index]
    if (!asked.has(name) || binding.nested || !chunk?.columnIndex) return []
    const pages = readPageIndex(file, chunk)
    return pages ? [{ name, binding, pages }] : []
  })
}

/** Bounds of a page hold for each part of it. */
function within(binding: Binding, { rows, statistics }: PageMeta, part: number): ColumnStatistics {
  const found = columnStatistics(binding, statistics)
  return { ...found, nullCount: partial(found.nullCount, rows, part) }
}

function partial(nullCount: number | null, of: number, part: number): number | null {
  if (nullCount === of) return part
  return nullCount === 0 || part === of ? nullCount : null
}
