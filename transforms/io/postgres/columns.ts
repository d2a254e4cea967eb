/** A load's columns: do its options fit them, does Postgres take them, has the table the same ones. */
import { Fault, nearestName } from '../../../engine/fault.ts'
import type { Audit, Target } from '../../../engine/io/warehouse.ts'
import { auditColumns, auditTitle } from '../table/audit-sql.ts'
import { ident } from './names.ts'
import { takes, typeOf } from './types.ts'

const TIMES = [['date', 'timestamp', 'datetime'], 'date, timestamp or datetime'] as const
const WHOLE = [['int32', 'int64', 'bigint'], 'int32, int64 or bigint'] as const
const COLUMNS_MAX = 1600

/** Throws pipeline: what the author can mend before anything is loaded. */
export function checkColumns(load: Target): void {
  const { partition, deleted, mode } = load.options
  const kinds = new Map(load.columns.map(c => [c.name, c.kind]))
  if (kinds.size > COLUMNS_MAX) refuse(load, `${kinds.size} columns are more than ${COLUMNS_MAX}`)
  for (const { name, kind } of load.columns) {
    ident(name)
    if (typeOf(kind) === undefined)
      refuse(load, `column "${name}" is ${kind.name}, which has no type here`)
  }
  if (mode === 'replacePartition' && partition !== null) {
    const [tags, words]: readonly [readonly string[], string] = 'range' in partition ? WHOLE : TIMES
    if (!tags.includes(kinds.get(partition.by)?.tag ?? ''))
      refuse(load, `partition column "${partition.by}" is no ${words}`)
  }
  if (deleted !== null && kinds.get(deleted)?.tag !== 'bool')
    refuse(load, `deleted column "${deleted}" is not bool`)
  checkAudits(load)
}

function checkAudits(load: Target): void {
  const names = load.columns.map(c => c.name)
  for (const one of load.options.audit as readonly Audit[]) {
    const columns = auditColumns(one)
    if (columns?.length === 0) refuse(load, `audit "${auditTitle(one)}" names no column`)
    const missing = columns?.find(c => !names.includes(c))
    if (missing === undefined) continue
    const near = nearestName(missing, names)
    const hint = near === undefined ? undefined : `did you mean "${near}"?`
    refuse(
      load,
      `audit "${auditTitle(one)}" asks for column "${missing}", which does not exist`,
      hint,
    )
  }
}

function refuse(load: Target, message: string, hint?: string): never {
  throw new Fault('pipeline', `table ${load.table}: ${message}`, {
    at: load.at,
    detail: [`have  ${load.columns.map(c => c.name).join(' ')}`],
    ...(hint === undefined ? {} : { hint }),
  })
}

/** A column of a table that stands. */
export interface Found {
  readonly name: string
  readonly type: string
  readonly notNull: boolean
}

/** What a table that stands has, and the load has not, or otherwise. */
export function columnDifferences(load: Target, found: readonly Found[]): string[] {
  const have = new Map(found.map(c => [c.name, c]))
  const wrong = load.columns.flatMap(({ name, kind }) => {
    const column = have.get(name)
    const has = column?.type ?? 'no such column'
    if (column === undefined || !takes(column.type, kind))
      return [`${name}: expected ${typeOf(kind)}, the table has ${has}`]
    const strict = column.notNull && kind.optional
    return strict ? [`${name}: may be null, the table has ${has} NOT NULL`] : []
  })
  const loaded = new Set(load.columns.map(c => c.name))
  return [
    ...wrong,
    ...found.flatMap(c => (loaded.has(c.name) ? [] : [`${c.name}: in the table only`])),
  ]
}

/**
 * Throws data: a table that stands, and is not replaced, must have the load's columns. `found`: none
 * where it does not stand.
 */
export function compareColumns(load: Target, found: readonly Found[]): void {
  if (load.options.mode === 'replace' || found.length === 0) return
  const differences = columnDifferences(load, found)
  if (differences.length === 0) return
  throw new Fault('data', `table ${load.table} has other columns than what is loaded`, {
    at: load.at,
    detail: differences,
    hint: "load with mode 'replace', or change the table first",
  })
}

/** Whether the table is as the load would make it. */
export const sameColumns = (load: Target, found: readonly Found[]): boolean =>
  found.length === load.columns.length &&
  load.columns.every(({ name, kind }, i) => {
    const column = found[i] as Found
    return column.name === name && column.type === typeOf(kind) && column.notNull === !kind.optional
  })
