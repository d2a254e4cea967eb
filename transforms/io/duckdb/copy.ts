/**
 * Rows of a table into Parquet files, in their order and of one state. DuckDB keeps a row group whole in
 * memory as it copies in order (some 122,880 rows, twice): where those are large, ranges of rows are copied
 * one after the other, to a file each. How a table is cut depends on the table alone.
 */
import { join } from 'node:path'
import { sha256 } from '../../../engine/data/sha256.ts'
import type { Binding } from './bind.ts'
import { name, text } from './names.ts'
import type { Session } from './session.ts'
import type { TableFacts } from './table-facts.ts'

export interface Wanted {
  readonly facts: TableFacts
  readonly bindings: readonly Binding[]
  /** A condition of the rows that are copied. */
  readonly rows: string
}

const GROUP_ROWS = 122_880
/** Texts and nested values that are copied at once. */
const RANGE_BYTES = 16e6
/** One row of so many is weighed. */
const WEIGHED = 16

/** A column of a copy by position: names of ours may be one to DuckDB. */
export const copiedName = (index: number): string => `c${index}`

/** Where a copy's files lie and what they are called: the same for the same rows of the same file. */
export const copyPrefix = (folder: string, path: string, wanted: Wanted): string => {
  const what = JSON.stringify([path, wanted.facts.sql, selected(wanted), wanted.rows])
  return join(folder, `table-${sha256(what).slice(0, 16)}`)
}

const selected = ({ bindings }: Wanted): string =>
  bindings.map(({ sql }, i) => `${sql} AS ${copiedName(i)}`).join(', ')

/** `begun` is told each file before it is made. Throws as statements do: memory, disk, an infinite date. */
export async function copyRows(
  session: Session,
  wanted: Wanted,
  o: { readonly prefix: string; readonly begun: (path: string) => void },
): Promise<void> {
  const { facts, rows } = wanted
  // What is read in one transaction is of one state.
  await session.transaction(false, async () => {
    const ranges = await rangesOf(session, wanted)
    for (const [i, range] of ranges.entries()) {
      const path = `${o.prefix}-${i}.parquet`
      o.begun(path)
      const query = `SELECT ${selected(wanted)} FROM ${facts.sql} WHERE (${rows})${range}`
      const copy = `COPY (${query}) TO ${text(path)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)`
      await session.run(copy, { table: facts.shown })
    }
  })
}

/** A view has no places of rows, and is copied whole; so is what has no long values. */
async function rangesOf(session: Session, { facts, bindings }: Wanted): Promise<string[]> {
  const long = bindings.filter(b => LONG.has(b.field.kind.tag))
  const hidden = [...facts.columns.keys()].some(c => c.toLowerCase() === 'rowid')
  if (facts.rows === null || hidden || long.length === 0) return ['']
  const weights = long.map(({ column }) => `coalesce(strlen(CAST(${column} AS VARCHAR)), 0)`)
  const weighed = `SELECT rowid // ${GROUP_ROWS} AS g, sum(${weights.join(' + ')}) AS bytes, count(*) AS n FROM ${facts.sql} WHERE rowid % ${WEIGHED} = 0 GROUP BY g`
  const [heaviest] = await session.rows(
    `SELECT (bytes / n)::DOUBLE AS width, (${WEIGHED} * bytes)::DOUBLE AS bytes, (SELECT max(rowid) FROM ${facts.sql})::DOUBLE AS last FROM (${weighed}) ORDER BY bytes DESC, g LIMIT 1`,
  )
  const { width = 0, bytes = 0, last = 0 } = (heaviest ?? {}) as Record<string, number>
  if (bytes <= RANGE_BYTES) return ['']
  const each = Math.max(1, Math.floor(RANGE_BYTES / width))
  const place = `${facts.sql}.${name('rowid')}`
  const ranges: string[] = []
  for (let from = 0; from <= last; from += each)
    ranges.push(` AND ${place} >= ${from} AND ${place} < ${from + each}`)
  return ranges
}

const LONG: ReadonlySet<string> = new Set(['utf8', 'bytes', 'json', 'list', 'struct'])
