/** Audits as SQL that returns the rows that fail. */
import type { Audit } from '../../../engine/io/warehouse.ts'
import { name, text } from './sql.ts'

export interface AuditQuery {
  readonly title: string
  readonly sql: string
}

const literal = (value: string | number | boolean): string =>
  typeof value === 'string' ? text(value) : String(value)

export function auditQuery(audit: Audit, table: string): AuditQuery {
  const t = name(table)
  if (typeof audit === 'string') return { title: audit, sql: audit }
  switch (audit.audit) {
    case 'unique': {
      const columns = audit.columns.map(name).join(', ')
      return {
        title: `unique ${audit.columns.join(', ')}`,
        sql: `SELECT ${columns}, count(*) AS rows FROM ${t} GROUP BY ${columns} HAVING count(*) > 1`,
      }
    }
    case 'notNull':
      return {
        title: `not null ${audit.columns.join(', ')}`,
        sql: `SELECT * FROM ${t} WHERE ${audit.columns.map(c => `${name(c)} IS NULL`).join(' OR ')}`,
      }
    case 'accepted':
      return {
        title: `accepted values of ${audit.column}`,
        sql: `SELECT * FROM ${t} WHERE ${name(audit.column)} IS NOT NULL AND ${name(audit.column)} NOT IN (${audit.values.map(literal).join(', ')})`,
      }
    case 'relationship': {
      const [c, to] = [name(audit.column), name(audit.toColumn)]
      return {
        title: `${audit.column} refers to ${audit.to}.${audit.toColumn}`,
        sql: `SELECT a.* FROM ${t} AS a WHERE a.${c} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${name(audit.to)} AS b WHERE b.${to} = a.${c})`,
      }
    }
    default: {
      const { min, max } = audit
      const bounds = [
        min === null ? '' : `rows < ${min}`,
        max === null ? '' : `rows > ${max}`,
      ].filter(b => b !== '')
      return {
        title: `row count ${min ?? 0} to ${max ?? 'any'}`,
        sql: `SELECT rows FROM (SELECT count(*) AS rows FROM ${t}) WHERE ${bounds.join(' OR ') || 'false'}`,
      }
    }
  }
}
