/**
 * How a table is cut: ranges of its key, or of the places of its rows (ctid). The ranges of a cut cover
 * every value there can be, the nulls too, whatever was known of the values when it was made: bounds
 * only decide how even the parts are.
 */
import { Fault } from '../../../engine/fault.ts'
import type { PlanRequest } from '../../../engine/io/source.ts'
import type { TableColumn, TableFacts } from './catalog.ts'
import { ident, literal } from './names.ts'
import type { Session } from './session.ts'

/** Fewer rows are no task of their own. */
const SPLIT_ROWS_MIN = 1 << 16
const SPLITS_MAX = 1024
/** Blocks that a sample reads: each is a place where a bound may fall. */
const SAMPLE_BLOCKS = 2000
/** Below this much order of the rows, reading by key would jump from block to block. */
const CORRELATION_MIN = 0.8
const TID_RANGES = 140_000

export interface Cut {
  /** A condition each, in order. */
  readonly ranges: readonly string[]
  /** As a note tells it; null where the table is read in one piece. */
  readonly by: string | null
}

/** Types whose order can be cut, by oid: integers, texts, uuid, times, numeric. */
const ORDERED = new Set([20, 21, 23, 25, 1042, 1043, 2950, 1082, 1114, 1184, 1700])
const WHOLE: Cut = { ranges: ['true'], by: null }

/** Throws pipeline: `splitBy` is no column, or has no order. */
export async function cutOf(
  session: Session,
  facts: TableFacts,
  o: PlanRequest & { splitBy?: string | null },
): Promise<Cut> {
  const by = o.splitBy ?? null
  const chosen = by === null ? null : splitColumn(facts, by)
  const count = countOf(facts, o)
  if (count === 1) return WHOLE
  const column = chosen ?? (await keyColumn(session, facts))
  if (column === null) return places(facts, count)
  const bounds = await boundsOf(session, facts, { column, count })
  return { ranges: keyRanges(column, bounds), by: column.name }
}

function countOf({ bytes, rows, kind }: TableFacts, { splitBytes, splits }: PlanRequest): number {
  // A view or a foreign table does not tell its size: where it is to be split, into so many.
  if (kind === 'v' || kind === 'f') return splits ?? 8
  const wanted = Math.max(Math.ceil(bytes / splitBytes), splits ?? 1)
  const most = rows < 0 ? SPLITS_MAX : Math.ceil(rows / SPLIT_ROWS_MIN)
  return Math.max(1, Math.min(wanted, Math.max(most, Math.ceil(bytes / splitBytes)), SPLITS_MAX))
}

function splitColumn({ columns, shown }: TableFacts, by: string): TableColumn {
  const found = columns.find(c => c.name === by)
  if (found !== undefined && ORDERED.has(found.oid)) return found
  const why = found === undefined ? 'does not exist' : `is ${found.type}, which is not cut`
  throw new Fault('pipeline', `table ${shown}: splitBy column ${JSON.stringify(by)} ${why}`, {
    detail: [`have  ${columns.map(c => c.name).join(' ')}`],
    hint: 'split by an integer, text, uuid, date, time or numeric column with an index',
  })
}

/** The primary key's first column, where the rows lie in its order; else null. */
async function keyColumn(session: Session, facts: TableFacts): Promise<TableColumn | null> {
  const column = facts.columns.find(c => c.name === facts.key[0])
  if (column === undefined || !ORDERED.has(column.oid)) return null
  if (!hasPlaces(facts)) return column
  const [row] = await session.rows(
    'SELECT correlation::float8 AS correlation FROM pg_stats s WHERE (quote_ident(schemaname) || $3 || quote_ident(tablename))::regclass = $1::oid AND attname = $2',
    [facts.oid, column.name, '.'],
  )
  const correlation = (row?.['correlation'] as number | null | undefined) ?? 1
  return Math.abs(correlation) < CORRELATION_MIN ? null : column
}

/** Before version 14 a range of places is looked for in the whole table. */
const hasPlaces = ({ kind, serverVersion }: TableFacts): boolean =>
  ['r', 'm', 'p'].includes(kind) && serverVersion >= TID_RANGES

/** Ranges of blocks; of a partitioned table, of each of its parts. The last is open: the table may have grown. */
function places(facts: TableFacts, count: number): Cut {
  if (!hasPlaces(facts)) return WHOLE
  const each = Math.max(1, Math.ceil(facts.blocks / count))
  const bounds: string[] = []
  for (let block = each; block < facts.blocks; block += each) bounds.push(`'(${block},0)'::tid`)
  return { ranges: rangesOf('ctid', bounds), by: 'ctid' }
}

const keyRanges = (column: TableColumn, bounds: readonly string[]): string[] => {
  const name = ident(column.name)
  const typed = bounds.map(b => `${literal(b)}::${column.type}`)
  const [first = 'true', ...rest] = rangesOf(name, typed)
  // Nulls are in no range: they go with the first.
  const whole = column.notNull || first === 'true' ? first : `(${first} OR ${name} IS NULL)`
  return [whole, ...rest]
}

function rangesOf(name: string, bounds: readonly string[]): string[] {
  if (bounds.length === 0) return ['true']
  return Array.from({ length: bounds.length + 1 }, (_, i) => {
    const from = i === 0 ? [] : [`${name} >= ${bounds[i - 1]}`]
    const to = i === bounds.length ? [] : [`${name} < ${bounds[i]}`]
    return [...from, ...to].join(' AND ')
  })
}

/** Distinct values, ascending in the column's own order, at even distances among the rows. */
async function boundsOf(
  session: Session,
  facts: TableFacts,
  { column, count }: { column: TableColumn; count: number },
): Promise<string[]> {
  const shares = Array.from({ length: count - 1 }, (_, i) => (i + 1) / count)
  const name = ident(column.name)
  const plain = facts.kind === 'v' || facts.kind === 'f'
  if (plain) return await evenBounds(session, facts, { column, count })
  const share = Math.min(100, (SAMPLE_BLOCKS / Math.max(1, facts.blocks)) * 100)
  const sql = `SELECT DISTINCT b, b::text AS bound FROM unnest((SELECT percentile_disc($1::float8[]) WITHIN GROUP (ORDER BY ${name}) FROM ${facts.sql} TABLESAMPLE SYSTEM (${share}) REPEATABLE (7))) AS b WHERE b IS NOT NULL ORDER BY b`
  return (await session.rows(sql, [shares])).map(r => r['bound'] as string)
}

/** Between the least and the greatest, where numbers or times are to be found by an index; else none. */
async function evenBounds(
  session: Session,
  facts: TableFacts,
  { column, count }: { column: TableColumn; count: number },
): Promise<string[]> {
  const name = ident(column.name)
  const range = `SELECT min(${name}) AS low, max(${name}) AS high FROM ${facts.sql}`
  const at = (step: string) =>
    `SELECT DISTINCT b, b::text AS bound FROM (SELECT (${step})::${column.type} AS b FROM (${range}) r, generate_series(1, $1::int - 1) i) x WHERE b IS NOT NULL ORDER BY b`
  if ([20, 21, 23, 1700].includes(column.oid))
    return texts(
      await session.rows(at(`low + floor((high::numeric - low) * i / $1::int)`), [count]),
    )
  if ([1082, 1114, 1184].includes(column.oid))
    return texts(
      await session.rows(
        at(`low::timestamptz + (high::timestamptz - low::timestamptz) * (i::float8 / $1::int)`),
        [count],
      ),
    )
  return []
}

const texts = (rows: readonly Record<string, unknown>[]): string[] =>
  rows.map(r => r['bound'] as string)
