/** A load's columns: do its options fit them, does DuckDB take them, has the table the same ones. */
import { Fault, nearestName } from '../../../engine/fault.ts'
import type { Audit, Target } from '../../../engine/io/warehouse.ts'
import { auditColumns, auditTitle } from '../table/audit-sql.ts'
import { fold } from './names.ts'
import { typeOf } from './sql.ts'

const TIMES = [['date', 'timestamp', 'datetime'], 'date, timestamp or datetime'] as const
const WHOLE = [['int32', 'int64', 'bigint'], 'int32, int64 or bigint'] as const

/** Throws pipeline: what the author can mend before anything is loaded. */
export function checkColumns(load: Target): void {
  const { partition, deleted, mode, audit } = load.options
  const kinds = new Map(load.columns.map(c => [c.name, c.kind]))
  const refuse = (message: string, hint?: string): never => {
    const context = { at: load.at, detail: [`have  ${[...kinds.keys()].join(' ')}`] }
    throw new Fault('pipeline', `table ${load.table}: ${message}`, {
      ...context,
      ...(hint === undefined ? {} : { hint }),
    })
  }
  const folded = new Map<string, string>()
  for (const { name, kind } of load.columns) {
    const twin = folded.get(fold(name))
    if (twin !== undefined) refuse(`columns "${twin}" and "${name}" are one name to duckdb`)
    folded.set(fold(name), name)
    if (typeOf(kind) === undefined)
      refuse(`column "${name}" is ${kind.name}, which has no type here`)
  }
  if (mode === 'replacePartition' && partition !== null) {
    const [tags, words]: readonly [readonly string[], string] = 'range' in partition ? WHOLE : TIMES
    if (!tags.includes(kinds.get(partition.by)?.tag ?? ''))
      refuse(`partition column "${partition.by}" is no ${words}`)
  }
  if (deleted !== null && kinds.get(deleted)?.tag !== 'bool')
    refuse(`deleted column "${deleted}" is not bool`)
  for (const one of audit as readonly Audit[]) {
    const columns = auditColumns(one)
    if (columns?.length === 0) refuse(`audit "${auditTitle(one)}" names no column`)
    const missing = columns?.find(c => !folded.has(fold(c)))
    if (missing === undefined) continue
    const near = nearestName(missing, kinds.keys())
    const hint = near === undefined ? undefined : `did you mean "${near}"?`
    refuse(`audit "${auditTitle(one)}" asks for column "${missing}", which does not exist`, hint)
  }
}

/** DuckDB quotes a field's name where it must, we quote all of them. */
const bare = (type: string): string => type.replace(/"([a-z_][a-z0-9_]*)"/gi, '$1')

/**
 * Throws data: a table that stands, and is not replaced, must have the load's columns. `found`: its
 * [name, type]s, none where it does not stand.
 */
export function compareColumns(load: Target, found: readonly (readonly [string, string])[]): void {
  if (load.options.mode === 'replace' || found.length === 0) return
  const have = new Map(found.map(([name, type]) => [fold(name), type]))
  const loaded = new Set(load.columns.map(c => fold(c.name)))
  const wrong = load.columns.flatMap(({ name, kind }) => {
    const type = have.get(fold(name))
    const expected = typeOf(kind) as string
    if (type !== undefined && bare(type) === bare(expected)) return []
    return [`${name}: expected ${expected}, the table has ${type ?? 'no such column'}`]
  })
  const extra = found.filter(([n]) => !loaded.has(fold(n))).map(([n]) => `${n}: in the table only`)
  if (wrong.length + extra.length === 0) return
  throw new Fault('data', `table ${load.table} has other columns than what is loaded`, {
    at: load.at,
    detail: [...wrong, ...extra],
    hint: "load with mode 'replace', or change the table first",
  })
}
