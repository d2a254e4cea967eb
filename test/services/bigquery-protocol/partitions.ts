/**
 * Partition decorators (`table$20260131`): which rows of a table are of a partition. From "Managing
 * partitioned tables": YYYY, YYYYMM, YYYYMMDD, YYYYMMDDHH by the table's granularity; for integer ranges
 * the lower end; `__NULL__` for rows without one.
 */
import { quoted, Refused, shownTable, type Table, type TableReference } from './upstream.ts'

export interface Destination {
  readonly table: TableReference
  /** The partition that the decorator names, or null. */
  readonly partition: string | null
}

export function destinationOf(given: TableReference): Destination {
  const at = given.tableId.indexOf('$')
  if (at < 0) return { table: given, partition: null }
  const table = { ...given, tableId: given.tableId.slice(0, at) }
  return { table, partition: given.tableId.slice(at + 1) }
}

const LENGTHS: Readonly<Record<string, number>> = { YEAR: 4, MONTH: 6, DAY: 8, HOUR: 10 }

/** The condition in SQL that holds for the partition's rows alone. Throws Refused: the table has no such partition. */
export function conditionOf(of: TableReference, table: Table, partition: string): string {
  const wrong = () =>
    new Refused('invalid', `Invalid date partition decorator: ${shownTable(of)}$${partition}`)
  const { timePartitioning: time, rangePartitioning: range } = table
  const field = time?.field ?? range?.field
  if (field === undefined) {
    if (!time) throw new Refused('invalid', `${shownTable(of)} is not partitioned`)
    throw new Refused('notImplemented', 'partitions by time of arrival are not emulated')
  }
  const column = quoted(field)
  if (partition === '__NULL__') return `${column} IS NULL`
  if (range) {
    if (!/^-?\d+$/.test(partition)) throw wrong()
    const upper = BigInt(partition) + BigInt(range.range.interval)
    return `${column} >= ${partition} AND ${column} < ${upper}`
  }
  if (!/^\d+$/.test(partition) || partition.length !== LENGTHS[time!.type]) throw wrong()
  const type = table.schema?.fields.find(other => other.name === field)?.type ?? 'DATE'
  const [lower, upper] = spanOf(partition)
  return `${column} >= ${literal(type, lower)} AND ${column} < ${literal(type, upper)}`
}

/** Start of the partition and of the next one. */
function spanOf(partition: string): [Date, Date] {
  const part = (from: number, to: number, absent: number) =>
    partition.length >= to ? Number(partition.slice(from, to)) : absent
  const numbers = [part(0, 4, 0), part(4, 6, 1) - 1, part(6, 8, 1), part(8, 10, 0)] as const
  const last = partition.length / 2 - 2
  const next = numbers.map((value, i) => (i === last ? value + 1 : value))
  return [
    new Date(Date.UTC(...numbers)),
    new Date(Date.UTC(...(next as unknown as typeof numbers))),
  ]
}

function literal(type: string, date: Date): string {
  const [day, time] = date.toISOString().slice(0, 19).split('T')
  if (type === 'DATE') return `DATE '${day}'`
  return type === 'DATETIME' ? `DATETIME '${day} ${time}'` : `TIMESTAMP '${day} ${time}+00'`
}
