/**
 * Replacing the partitions that a load brings. One DELETE and INSERT in a transaction, not one copy job
 * for each `$20200131`: readers see all partitions change at once, and a load may bring thousands. The
 * deletion is bounded by the first and last partition, which the service prunes by.
 */
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { name } from './names.ts'

const TRUNC: Readonly<Record<string, string>> = {
  date: 'DATE_TRUNC',
  timestamp: 'TIMESTAMP_TRUNC',
  datetime: 'DATETIME_TRUNC',
}

/** Names a row's partition, as text. Integers outside the range share one, nulls another: ''. */
export function partitionKey({ columns, options }: TableLoad, column: string): string {
  const { partition } = options
  if (partition === null) return "''"
  if ('unit' in partition) {
    const tag = columns.find(c => c.name === partition.by)?.kind.tag ?? ''
    return `COALESCE(CAST(${TRUNC[tag]}(${column}, ${partition.unit.toUpperCase()}) AS STRING), '')`
  }
  const { start, end, step } = partition.range
  // The inner parentheses are for servers that take DIV(a - b, c) as a - b // c.
  const inside = `CAST(DIV((${column} - ${start}), ${step}) AS STRING)`
  return `CASE WHEN ${column} IS NULL THEN '' WHEN ${column} >= ${start} AND ${column} < ${end} THEN ${inside} ELSE 'outside' END`
}

/** The table's rows that are in none of the staged rows' partitions. */
export function keptRows(load: TableLoad, target: string, staging: string): string {
  const by = name(load.options.partition?.by ?? '')
  const brought = `SELECT ${partitionKey(load, by)} FROM ${staging}`
  return `FROM ${target} AS t WHERE ${partitionKey(load, `t.${by}`)} NOT IN (${brought})`
}

/** Removes the partitions; `declare` comes first in the script. */
export function deletePartitions(
  load: TableLoad,
  o: { target: string; staging: string; index: number },
): { declare: string[]; statements: string[] } {
  const { target, staging } = o
  const { partition } = load.options
  const by = name(partition?.by ?? '')
  const brought = `(SELECT DISTINCT ${partitionKey(load, by)} FROM ${staging})`
  const among = `${partitionKey(load, `t.${by}`)} IN ${brought}`
  const nulls = `DELETE FROM ${target} AS t WHERE t.${by} IS NULL AND '' IN ${brought}`
  if (partition === null || !('unit' in partition))
    return {
      declare: [],
      statements: [nulls, `DELETE FROM ${target} AS t WHERE t.${by} IS NOT NULL AND ${among}`],
    }
  const tag = load.columns.find(c => c.name === partition.by)?.kind.tag ?? ''
  const [low, high] = [`low_${o.index}`, `high_${o.index}`]
  const unit = partition.unit.toUpperCase()
  const bound = (end: string) => `(SELECT ${TRUNC[tag]}(${end}(${by}), ${unit}) FROM ${staging})`
  return {
    declare: [
      `DECLARE ${low} ${tag.toUpperCase()} DEFAULT ${bound('MIN')}`,
      `DECLARE ${high} ${tag.toUpperCase()} DEFAULT ${bound('MAX')}`,
    ],
    statements: [
      nulls,
      // The last partition as a whole is below its first moment and one unit: 366 days are a year's at most.
      `DELETE FROM ${target} AS t WHERE t.${by} >= ${low} AND t.${by} < ${afterLast(tag, high, unit)} AND ${among}`,
    ],
  }
}

/** A moment after the unit that begins at `first`; TIMESTAMP_ADD knows no months. */
function afterLast(tag: string, first: string, unit: string): string {
  const hours: Readonly<Record<string, number>> = {
    HOUR: 1,
    DAY: 24,
    MONTH: 31 * 24,
    YEAR: 366 * 24,
  }
  const count = hours[unit] ?? 24
  if (tag === 'date') return `DATE_ADD(${first}, INTERVAL ${count / 24} DAY)`
  return `${tag.toUpperCase()}_ADD(${first}, INTERVAL ${count} HOUR)`
}
