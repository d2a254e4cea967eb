/**
 * Cuts files into splits of whole row groups. Row groups of which statistics say that a condition drops
 * all rows are in no split of their own: what is left is cut into parts of much the same size.
 */
import type { AnySchema } from '../../../engine/data/schema.ts'
import { droppedBy } from '../../../engine/io/outcome.ts'
import type { PlanRequest, SkippedRows, Split } from '../../../engine/io/source.ts'
import { type Binding, indexesOf } from './bind.ts'
import type { FileMeta } from './footer-read.ts'
import type { RowGroupMeta } from './format.ts'
import { groupStatistics, maySift } from './statistics-read.ts'

/** Fewer rows are no task of their own: another thread would take as long to start and to compile. */
const SPLIT_ROWS_MIN = 1 << 18

/**
 * A split's row groups, by position in the file, in one piece from where the split before it ended.
 * Of those `passed` no row is wanted: they only count.
 */
export interface Detail {
  /** Null: all of a file that was not looked into when the run was planned. */
  readonly groups: readonly number[] | null
  readonly passed: readonly number[]
}

export interface PlannedFile extends FileMeta {
  readonly path: string
  /** In the schema's order. */
  readonly bindings: readonly Binding[]
}

export interface Cut {
  readonly splits: readonly Split[]
  readonly skipped: readonly SkippedRows[]
}

export function splitsOf(
  files: readonly PlannedFile[],
  schema: AnySchema,
  { splitBytes, splits: wanted, conditions = [] }: PlanRequest,
): Cut {
  const judged = files.map(file => ({
    file,
    by: file.groups.map(group => passedBy(group, file.bindings, { schema, conditions })),
  }))
  const skipped = conditions.map((_, by) => ({ by, rows: 0 }))
  let rows = 0
  for (const { file, by } of judged)
    by.forEach((condition, i) => {
      const group = file.groups[i] as RowGroupMeta
      const skip = skipped[condition]
      if (skip) skip.rows += group.rows
      else rows += group.rows
    })
  const splitRows = wanted === undefined ? Infinity : Math.max(SPLIT_ROWS_MIN, rows / wanted)
  return {
    splits: judged.flatMap(({ file, by }) => fileSplits(file, by, { splitBytes, splitRows })),
    skipped: skipped.filter(s => s.rows > 0),
  }
}

/** The condition that drops all rows of a row group, where none may have to be rejected; -1: none does. */
export function passedBy(
  group: RowGroupMeta,
  bindings: readonly Binding[],
  { schema, conditions }: { schema: AnySchema; conditions: NonNullable<PlanRequest['conditions']> },
): number {
  if (conditions.length === 0 || group.rows === 0) return -1
  if (bindings.some(b => maySift(b, group))) return -1
  const statistics = groupStatistics({ schema, bindings }, group, conditions)
  return droppedBy(conditions, statistics, name => schema.fields[name])
}

/** `by`: of each row group, the condition that drops its rows, or -1. */
function fileSplits(
  file: PlannedFile,
  by: readonly number[],
  most: { readonly splitBytes: number; readonly splitRows: number },
): Split[] {
  const splits: Split[] = []
  let groups: number[] = []
  let rows = 0
  const end = (): void => {
    const read = groups.filter(i => by[i] === -1)
    if (read.length > 0) splits.push(splitOf(file, groups, read))
    if (read.length > 0) groups = []
    rows = 0
  }
  file.groups.forEach((group, i) => {
    groups.push(i)
    if (by[i] !== -1) return
    rows += group.rows
    const { start, end: last } = extentOf(
      file,
      groups.filter(g => by[g] === -1),
    )
    if (last - start >= most.splitBytes || rows >= most.splitRows) end()
  })
  end()
  return splits
}

function extentOf(file: PlannedFile, groups: readonly number[]): { start: number; end: number } {
  const chunks = groups.flatMap(i => file.groups[i]?.chunks ?? [])
  const starts = chunks.map(c => Math.min(c.dictionaryOffset ?? c.dataOffset, c.dataOffset))
  const end = Math.max(0, ...chunks.map((c, i) => (starts[i] as number) + c.bytes))
  return { start: Math.min(end, ...starts), end }
}

/** Stored bytes of the schema's columns. */
export function bytesIn(groups: readonly RowGroupMeta[], bindings: readonly Binding[]): number {
  const columns = new Set(bindings.flatMap(indexesOf))
  let bytes = 0
  for (const { chunks } of groups)
    chunks.forEach((chunk, c) => {
      if (columns.has(c)) bytes += chunk.bytes
    })
  return bytes
}

/** Bytes: of the schema's columns, the only ones that may be read. */
function splitOf(file: PlannedFile, groups: readonly number[], read: readonly number[]): Split {
  const bytes = bytesIn(
    read.flatMap(i => file.groups[i] ?? []),
    file.bindings,
  )
  const detail: Detail = { groups, passed: groups.filter(i => !read.includes(i)) }
  return { uri: file.path, ...extentOf(file, read), bytes, detail }
}
