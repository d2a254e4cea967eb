/** What a DuckDB file says of a table or view: where it is, its columns with their types, about how many rows. */
import type { DuckDBType } from '@duckdb/node-api'
import { Fault, nearestName } from '../../../engine/fault.ts'
import { fold, name, STAGING, text } from './names.ts'
import type { Session } from './session.ts'

export interface ColumnType {
  /** As DuckDB writes it: `DECIMAL(10,2)`. */
  readonly shown: string
  /** `INTEGER`, `DECIMAL`, `LIST`, `ARRAY` (of fixed length); of an alias its name: `JSON`. */
  readonly tag: string
  readonly digits: { readonly precision: number; readonly scale: number } | null
  /** Of a list or an array. */
  readonly element: ColumnType | null
  /** Of a struct, by name. */
  readonly fields: ReadonlyMap<string, ColumnType> | null
}

export interface TableFacts {
  /** Quoted, with its schema: as it stands in SQL. */
  readonly sql: string
  readonly shown: string
  readonly columns: ReadonlyMap<string, ColumnType>
  /** As DuckDB estimates it; null of a view. */
  readonly rows: number | null
}

const FIND = `SELECT schema_name AS s, table_name AS t, estimated_size::DOUBLE AS rows FROM duckdb_tables() WHERE database_name = current_database()
  UNION ALL SELECT schema_name, view_name, NULL FROM duckdb_views() WHERE database_name = current_database() AND NOT internal`
const SHOWN = 40

/** By its name in the schema `main`; else as `schema.table`. Throws data: it is not there. */
export async function factsOf(session: Session, path: string, asked: string): Promise<TableFacts> {
  const wanted = text(fold(asked))
  const [found] = await session.rows(
    `SELECT * FROM (${FIND}) WHERE (s = 'main' AND lower(t) = ${wanted}) OR lower(s || '.' || t) = ${wanted} ORDER BY s <> 'main' LIMIT 1`,
  )
  if (found === undefined) throw await notThere(session, path, asked)
  const sql = `${name(found['s'] as string)}.${name(found['t'] as string)}`
  const columns = await session.columns(`SELECT * FROM ${sql} LIMIT 0`)
  return {
    sql,
    shown: asked,
    columns: new Map(columns.map(([column, type]) => [column, typeOf(type)])),
    rows: (found['rows'] as number | null) ?? null,
  }
}

async function notThere(session: Session, path: string, asked: string): Promise<Fault> {
  const others = await session.rows(
    `SELECT CASE WHEN s = 'main' THEN t ELSE s || '.' || t END AS name FROM (${FIND}) WHERE s <> '${STAGING}' ORDER BY 1 LIMIT 500`,
  )
  const have = others.map(r => r['name'] as string)
  const near = nearestName(asked, have)
  const more = have.length > SHOWN ? ' …' : ''
  return new Fault('data', `duckdb file ${path} has no table ${JSON.stringify(asked)}`, {
    detail: [`have  ${have.slice(0, SHOWN).join(' ')}${more}`],
    hint: near === undefined ? 'load it first, or mend its name' : `did you mean "${near}"?`,
  })
}

/** As DuckDB's client describes a type; which members there are depends on the type. */
interface Described {
  readonly alias?: string | undefined
  readonly width?: number
  readonly scale?: number
  readonly valueType?: DuckDBType
  readonly keyType?: DuckDBType
  readonly length?: number
  readonly entryNames?: readonly string[]
  readonly entryTypes?: readonly DuckDBType[]
  readonly memberTags?: readonly string[]
}

function typeOf(type: DuckDBType): ColumnType {
  const it = type as unknown as Described
  const shown = it.alias ?? type.toString()
  const plain = { shown, digits: null, element: null, fields: null }
  if (it.alias !== undefined) return { ...plain, tag: it.alias }
  if (it.width !== undefined && it.scale !== undefined)
    return { ...plain, tag: 'DECIMAL', digits: { precision: it.width, scale: it.scale } }
  if (it.valueType !== undefined && it.keyType === undefined)
    return {
      ...plain,
      tag: it.length === undefined ? 'LIST' : 'ARRAY',
      element: typeOf(it.valueType),
    }
  const { entryNames, entryTypes, memberTags } = it
  if (entryNames === undefined || entryTypes === undefined || memberTags !== undefined)
    return { ...plain, tag: /^ENUM\(/.test(shown) ? 'ENUM' : shown }
  const fields = new Map(entryNames.map((n, i) => [n, typeOf(entryTypes[i] as DuckDBType)]))
  return { ...plain, tag: 'STRUCT', fields }
}
