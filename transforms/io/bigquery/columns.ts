/** A load's columns: do its options fit them, does BigQuery take them, has the table the same ones. */
import type { Kind } from '../../../engine/data/kind.ts'
import { Fault, nearestName } from '../../../engine/fault.ts'
import type { Audit, Target } from '../../../engine/io/warehouse.ts'
import { auditColumns, auditTitle } from '../table/audit-sql.ts'
import { fold, POSITION } from './names.ts'
import { fieldOf, type TableField, typeOf, typeText, zeroOf } from './types.ts'

const COLUMN = /^[A-Za-z_]\w{0,299}$/
const RESERVED = /^(?:_table_|_file_|_partition|_row_timestamp|__root__|_colidentifier)/i
const TABLE = /^[\p{L}\p{M}\p{N}\p{Pc}\p{Pd}\p{Zs}]+$/u
const LABEL = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u
const TIMES: readonly string[] = ['date', 'timestamp', 'datetime']
const WHOLE: readonly string[] = ['int32', 'int64', 'bigint']
const CLUSTERS = [
  'BOOL',
  'DATE',
  'DATETIME',
  'INT64',
  'NUMERIC',
  'BIGNUMERIC',
  'STRING',
  'TIMESTAMP',
]
const COLUMNS_MAX = 10_000
const CLUSTER_MAX = 4
const PARTITIONS_MAX = 10_000

type Refuse = (message: string, hint?: string) => never

/** Throws pipeline: what the author can mend before anything is sent. */
export function checkColumns(load: Target): void {
  const kinds = new Map(load.columns.map(c => [c.name, c.kind]))
  const refuse: Refuse = (message, hint) => {
    const have = [...kinds.keys()].slice(0, 40).join(' ')
    throw new Fault('pipeline', `table ${load.table}: ${message}`, {
      at: load.at,
      detail: [`have  ${have}`],
      ...(hint === undefined ? {} : { hint }),
    })
  }
  const bytes = Buffer.byteLength(load.table)
  if (!TABLE.test(load.table) || bytes > 1024)
    refuse('BigQuery takes no such name', 'letters, digits, spaces, - and _ (at most 1,024 bytes)')
  checkNames(load, refuse)
  checkLayout(load, kinds, refuse)
  checkMerge(load, kinds, refuse)
  checkAudits(load, kinds, refuse)
}

function checkNames(load: Target, refuse: Refuse): void {
  const folded = new Map<string, string>()
  if (load.columns.length > COLUMNS_MAX) refuse(`${load.columns.length} columns, of ${COLUMNS_MAX}`)
  for (const { name, kind } of load.columns) {
    const twin = folded.get(fold(name))
    if (twin !== undefined) refuse(`columns "${twin}" and "${name}" are one name to BigQuery`)
    folded.set(fold(name), name)
    if (!COLUMN.test(name) || RESERVED.test(name) || fold(name) === POSITION)
      refuse(
        `BigQuery takes no column named ${JSON.stringify(name)}`,
        "ASCII letters, digits and _ (rename it, or write names: 'snake_case')",
      )
    if (typeOf(kind) === undefined)
      refuse(`column "${name}" is ${kind.name}, which has no type in BigQuery`)
  }
}

function checkLayout(load: Target, kinds: ReadonlyMap<string, Kind>, refuse: Refuse): void {
  const { partition, cluster, layout, mode, audit } = load.options
  if (partition) {
    const tag = kinds.get(partition.by)?.tag ?? ''
    if ('range' in partition) {
      const { start, end, step } = partition.range
      if (!WHOLE.includes(tag)) refuse(`partition column "${partition.by}" is no whole number`)
      const count = Math.ceil((end - start) / step)
      if (count > PARTITIONS_MAX)
        refuse(`${count} ranges; a table has ${PARTITIONS_MAX} partitions`)
    } else if (!TIMES.includes(tag)) {
      refuse(`partition column "${partition.by}" is no date, timestamp or datetime`)
    } else if (tag === 'date' && partition.unit === 'hour')
      refuse(`partition column "${partition.by}" is a date, which has no hours`)
  }
  if (cluster.length > CLUSTER_MAX)
    refuse(`${cluster.length} cluster columns; at most ${CLUSTER_MAX}`)
  for (const column of cluster) {
    const kind = kinds.get(column)
    if (kind?.tag === 'list' || !CLUSTERS.includes((kind && typeOf(kind)) ?? ''))
      refuse(`a table cannot be clustered by "${column}", which is ${kind?.name ?? 'missing'}`)
  }
  for (const [key, value] of Object.entries(layout?.labels ?? {}))
    if (!LABEL.test(key) || !LABEL.test(value) || !/^[\p{Ll}\p{Lo}]/u.test(key))
      refuse(
        `label ${JSON.stringify(key)} or its value is not possible`,
        'small letters, digits, _ and -, at most 63; a name begins with a letter',
      )
  const described = Object.keys(layout?.columnDescriptions ?? {}).find(c => !kinds.has(c))
  if (described !== undefined) refuse(`described column "${described}" does not exist`)
  if (layout?.requirePartitionFilter && !partition)
    refuse('requirePartitionFilter needs partition', "partition: { by: 'day', unit: 'day' }")
  const reads = mode === 'merge' || (mode !== 'replace' && audit.length > 0)
  if (layout?.requirePartitionFilter && reads)
    refuse(
      `mode ${mode}${mode === 'merge' ? '' : ' with audits'} reads the whole table, which requirePartitionFilter forbids`,
      'leave requirePartitionFilter out, or audit the rows before they are written (expect)',
    )
}

function checkMerge(load: Target, kinds: ReadonlyMap<string, Kind>, refuse: Refuse): void {
  const { key, deleted } = load.options
  if (deleted !== null && kinds.get(deleted)?.tag !== 'bool')
    refuse(`deleted column "${deleted}" is not bool`)
  for (const column of key) {
    const kind = kinds.get(column)
    if (kind === undefined || zeroOf(kind) === undefined)
      refuse(
        `key "${column}" is ${kind?.name ?? 'missing'}, which BigQuery cannot compare as a key`,
      )
  }
}

function checkAudits(load: Target, kinds: ReadonlyMap<string, Kind>, refuse: Refuse): void {
  const folded = new Set([...kinds.keys()].map(fold))
  for (const one of load.options.audit as readonly Audit[]) {
    const columns = auditColumns(one)
    if (columns?.length === 0) refuse(`audit "${auditTitle(one)}" names no column`)
    const missing = columns?.find(c => !folded.has(fold(c)))
    if (missing === undefined) continue
    const near = nearestName(missing, kinds.keys())
    const hint = near === undefined ? undefined : `did you mean "${near}"?`
    refuse(`audit "${auditTitle(one)}" asks for column "${missing}", which does not exist`, hint)
  }
}

/** Throws data: a table that stands must have the load's columns; the difference is shown, a line each. */
export function compareColumns(load: Target, found: readonly TableField[]): void {
  const have = new Map(found.map(f => [fold(f.name), f]))
  const loaded = new Set(load.columns.map(c => fold(c.name)))
  const wrong = load.columns.flatMap(column => {
    const there = have.get(fold(column.name))
    const expected = typeText(fieldOf(column))
    if (there && typeText(there) === expected) return []
    const got = there ? typeText(there) : 'no such column'
    return [`${column.name}: expected ${expected}, the table has ${got}`]
  })
  const extra = found.filter(f => !loaded.has(fold(f.name)))
  if (wrong.length + extra.length === 0) return
  throw new Fault('data', `table ${load.table} has other columns than what is loaded`, {
    at: load.at,
    detail: [...wrong, ...extra.map(f => `${f.name}: in the table only`)],
    hint: "load with mode 'replace', or change the table first",
  })
}

/** Same columns in the same order, so that rows can be copied without a query. */
export const sameShape = (load: Target, found: readonly TableField[]): boolean =>
  found.length === load.columns.length &&
  load.columns.every((column, i) => {
    const there = found[i] as TableField
    const own = fieldOf(column)
    const mode = (there.mode ?? 'NULLABLE') === own.mode
    return fold(there.name) === fold(column.name) && mode && typeText(there) === typeText(own)
  })
