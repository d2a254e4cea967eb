/** The warehouses that `table` knows, by the scheme of their URI. Each is imported when a run connects. */
import { dirname } from 'node:path'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { Fault, redactUri } from '../../../engine/fault.ts'
import { makeFolder } from '../../../engine/io/folder.ts'
import type { TablePlace, WarehouseLimits } from '../../../engine/io/sink.ts'
import type { AnySource } from '../../../engine/io/source.ts'
import type { Warehouse } from '../../../engine/io/warehouse.ts'
import { datasetOf } from '../bigquery/uri.ts'
import type { TableRead } from './source.ts'

/** What reads a table's rows: the parts of a source that need the warehouse's client. */
export type TableReader = Pick<AnySource, 'plan' | 'open' | 'release'>

export interface WarehouseKind {
  /** How its URIs begin. */
  readonly prefix: string
  /** Shown to who gave a URI of no known warehouse. */
  readonly example: string
  /** The table that a URI of it may name besides; null: it names none. Throws pipeline: it is no such URI. */
  tableOf?(uri: string): string | null
  connect(uri: string, place: TablePlace, limits: WarehouseLimits): Promise<Warehouse>
  /** Its reader can leave out rows (`Source.leavesOut`). */
  readonly leavesOut?: boolean
  /** Absent: its tables cannot be read as a source. */
  read?(uri: string, asked: TableRead, schema: AnySchema): Promise<TableReader>
}

export const WAREHOUSES: readonly WarehouseKind[] = [
  {
    prefix: 'duckdb:',
    example: 'duckdb:PATH',
    leavesOut: true,
    async connect(uri, _place, limits) {
      makeFolder(dirname(uri.slice('duckdb:'.length)))
      const { DuckDbWarehouse } = await import('../duckdb/warehouse.ts')
      return new DuckDbWarehouse(uri, limits)
    },
    async read(uri, asked, schema) {
      const { DuckDbTable } = await import('../duckdb/source.ts')
      return new DuckDbTable(uri, asked, schema)
    },
  },
  {
    prefix: 'bigquery:',
    example: 'bigquery://PROJECT.DATASET',
    tableOf: uri => datasetOf(uri).table,
    async connect(uri, place) {
      const { BigQueryWarehouse } = await import('../bigquery/warehouse.ts')
      return new BigQueryWarehouse(uri, place)
    },
    async read(uri, asked, schema) {
      const { BigQueryReader } = await import('../bigquery/read.ts')
      return new BigQueryReader(uri, asked, schema)
    },
  },
  ...['postgres://', 'postgresql://'].map(
    (prefix): WarehouseKind => ({
      prefix,
      example: 'postgres://HOST/DATABASE',
      leavesOut: true,
      async connect(uri, _place, limits) {
        const { openWarehouse } = await import('../postgres/warehouse.ts')
        return openWarehouse(uri, limits)
      },
      async read(uri, asked, schema) {
        const { PostgresTable } = await import('../postgres/source.ts')
        return new PostgresTable(uri, asked, schema)
      },
    }),
  ),
]

/**
 * The warehouse of a table. Throws pipeline: none has the URI's scheme, the URI is nothing but its scheme,
 * or it names another table.
 */
export function warehouseOf(uri: string, table: string): WarehouseKind {
  const found = WAREHOUSES.find(({ prefix }) => uri.startsWith(prefix) && uri !== prefix)
  const named = found?.tableOf?.(uri) ?? null
  if (named !== null && named !== table)
    throw new Fault('pipeline', `table ${table}: ${redactUri(uri)} names table ${named}`, {
      hint: `leave ${named} out of the URI, or write table(uri, '${named}', …)`,
    })
  if (found) return found
  throw new Fault('pipeline', `warehouse ${redactUri(uri)} is not known`, {
    hint: `it is one of: ${[...new Set(WAREHOUSES.map(w => w.example))].join(', ')}`,
  })
}
