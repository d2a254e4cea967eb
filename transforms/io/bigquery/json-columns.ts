/**
 * Columns with json in them. A load job takes no JSON from Parquet ("Unsupported field type: JSON"), so
 * such a load goes into a table of texts first, from which one statement fills its staging table.
 */
import type { Kind } from '../../../engine/data/kind.ts'
import { elementOf, structOf } from '../../../engine/data/nested.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { type Dataset, name, POSITION, stagingName, tableOf } from './names.ts'
import type { TableField } from './types.ts'

export function hasJson(kind: Kind): boolean {
  if (kind.tag === 'list') return hasJson(elementOf(kind))
  if (kind.tag === 'struct') return structOf(kind).list.some(f => hasJson(f.kind))
  return kind.tag === 'json'
}

export const loadsJson = ({ columns }: TableLoad): boolean => columns.some(c => hasJson(c.kind))

/** The column in the table of texts. */
export const textField = (field: TableField): TableField => ({
  ...field,
  ...(field.type === 'JSON' ? { type: 'STRING' } : {}),
  ...(field.fields ? { fields: field.fields.map(textField) } : {}),
})

/** The table of texts, beside the load's staging table. */
export const textName = (load: TableLoad): string => `${stagingName(load)}_text`

/** Fills the staging table, whatever of it is there. Numbers that no double holds are rounded, as everywhere. */
export function parseStatements(load: TableLoad, dataset: Dataset): string[] {
  const [into, from] = [stagingName(load), textName(load)].map(t => tableOf(dataset, t))
  const position = load.options.mode === 'merge' ? [name(POSITION)] : []
  const columns = [...load.columns.map(c => name(c.name)), ...position]
  const values = load.columns.map(
    c => `${parsed(c.kind, `r.${name(c.name)}`, 0)} AS ${name(c.name)}`,
  )
  return [
    `DELETE FROM ${into} WHERE TRUE`,
    `INSERT INTO ${into} (${columns.join(', ')}) SELECT ${[...values, ...position].join(', ')} FROM ${from} AS r`,
  ]
}

/** `depth` keeps the names of nested lists' elements apart. */
function parsed(kind: Kind, value: string, depth: number): string {
  if (!hasJson(kind)) return value
  if (kind.tag === 'json') return `PARSE_JSON(${value}, wide_number_mode=>'round')`
  if (kind.tag === 'list') {
    const [e, o] = [`e${depth}`, `o${depth}`]
    const element = parsed(elementOf(kind), e, depth + 1)
    return `ARRAY(SELECT ${element} FROM UNNEST(${value}) AS ${e} WITH OFFSET AS ${o} ORDER BY ${o})`
  }
  const fields = structOf(kind).list.map(
    f => `${parsed(f.kind, `${value}.${name(f.name)}`, depth)} AS ${name(f.name)}`,
  )
  const made = `STRUCT(${fields.join(', ')})`
  return kind.optional ? `IF(${value} IS NULL, NULL, ${made})` : made
}
