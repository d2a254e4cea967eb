/** Audits as queries that return the rows that fail, in the words of a warehouse's SQL. */
import type { Audit } from '../../../engine/io/warehouse.ts'

/** How one warehouse writes what the others write differently. */
export interface Dialect {
  /** An identifier: whatever it holds, it is a name. */
  name(name: string): string
  text(value: string): string
  /** A number that is not finite: `NaN`, `Infinity`, `-Infinity`. */
  notFinite(value: string): string
  /** A table by its name, where that is not its identifier alone. */
  table?(table: string): string
}

export function auditTitle(audit: Audit): string {
  if (typeof audit === 'string') return audit
  switch (audit.audit) {
    case 'unique':
      return `unique ${audit.columns.join(', ')}`
    case 'notNull':
      return `not null ${audit.columns.join(', ')}`
    case 'accepted':
      return `accepted values of ${audit.column}`
    case 'relationship':
      return `${audit.column} refers to ${audit.to}.${audit.toColumn}`
    default:
      return `row count ${audit.min ?? 0} to ${audit.max ?? 'any'}`
  }
}

/** The audited table's columns that it names; null where it names none by its nature. */
export function auditColumns(audit: Audit): readonly string[] | null {
  if (typeof audit === 'string' || audit.audit === 'rowCount') return null
  return 'columns' in audit ? audit.columns : [audit.column]
}

export function auditQuery(audit: Audit, table: string, dialect: Dialect): string {
  const { name } = dialect
  const tableOf = (it: string): string => (dialect.table ?? name)(it)
  const literal = (value: string | number | boolean): string => literalOf(value, dialect)
  const t = tableOf(table)
  if (typeof audit === 'string') return audit
  switch (audit.audit) {
    case 'unique': {
      const columns = audit.columns.map(name).join(', ')
      return `SELECT ${columns}, count(*) AS ${name('rows')} FROM ${t} GROUP BY ${columns} HAVING count(*) > 1`
    }
    case 'notNull':
      return `SELECT * FROM ${t} WHERE ${audit.columns.map(c => `${name(c)} IS NULL`).join(' OR ')}`
    case 'accepted': {
      const c = name(audit.column)
      const others = audit.values.map(v => ` AND ${c} <> ${literal(v)}`).join('')
      return `SELECT * FROM ${t} WHERE ${c} IS NOT NULL${others}`
    }
    case 'relationship': {
      const [c, to] = [name(audit.column), name(audit.toColumn)]
      return `SELECT a.* FROM ${t} AS a WHERE a.${c} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${tableOf(audit.to)} AS b WHERE b.${to} = a.${c})`
    }
    default: {
      const { min, max } = audit
      const low = min === null ? 'false' : `n < ${literal(min)}`
      const high = max === null ? 'false' : `n > ${literal(max)}`
      return `SELECT n AS ${name('rows')} FROM (SELECT count(*) AS n FROM ${t}) AS counted WHERE ${low} OR ${high}`
    }
  }
}

const literalOf = (value: string | number | boolean, { text, notFinite }: Dialect): string => {
  if (typeof value === 'string') return text(value)
  if (typeof value === 'boolean' || Number.isFinite(value)) return String(value)
  return notFinite(String(value))
}
