/**
 * A table as a source: what was asked is plain data, so the plan is made without the warehouse's client,
 * which is imported where splits are planned and opened.
 */
import {
  type AnySchema,
  type Column,
  describe,
  type Fields,
  fieldOf,
} from '../../../engine/data/schema.ts'
import type { Schema } from '../../../engine/data/schema.ts'
import { Fault, redactUri } from '../../../engine/fault.ts'
import type { PlanRequest, ReadRequest, Source, Split } from '../../../engine/io/source.ts'
import { durationMs } from '../retry/duration.ts'
import { type TableReader, type WarehouseKind, warehouseOf } from './warehouses.ts'

type Test<V> =
  | V
  | {
      eq?: V
      not?: V
      gt?: NonNullable<V>
      gte?: NonNullable<V>
      lt?: NonNullable<V>
      lte?: NonNullable<V>
      in?: readonly V[]
    }

/** An option of one system is without effect on others, so that a pipeline runs on each. */
export interface TableSourceOptions<F extends Fields> {
  /** Rows that the warehouse is asked for; times as epoch milliseconds. Default: all. */
  readonly where?: { readonly [K in keyof F]?: Test<F[K]['value']> }
  /** Only rows whose `by` is not older than the last published run's mark, less `overlap`. Default: all. */
  readonly incremental?: {
    readonly by: Column<F>
    readonly overlap?: string
    /** The column that says that a row is deleted. It is handed on: the sink's merge acts on it. */
    readonly deleted?: Column<F>
  }
  /** The column by whose ranges the table is read in parallel. Default: its primary key, or the places of its rows. Postgres. */
  readonly splitBy?: string
  /** Where results lie on their way, as `table`'s option for sinks. Default MILLRACE_STAGING. BigQuery. */
  readonly staging?: string
  /** Where the data set lies. Default: the data set is asked. BigQuery. */
  readonly location?: string
}

/** What was asked of a table, as plain data. */
export interface TableRead {
  readonly table: string
  readonly where: Readonly<Record<string, unknown>>
  readonly incremental: { readonly by: string; readonly overlapMs: number } | null
  readonly splitBy: string | null
  readonly staging: string | null
  readonly location: string | null
}

export function tableSource<F extends Fields>(
  uri: string,
  name: string,
  schema: Schema<F>,
  o: TableSourceOptions<F>,
): Source<F> {
  const kind = warehouseOf(uri, name)
  if (!kind.read)
    throw new Fault('pipeline', `tables of ${redactUri(uri)} cannot be read as a source`, {
      hint: 'read the files or tables that it was loaded from',
    })
  if (name === '') throw new Fault('pipeline', 'a table needs a name')
  return new TableSource(uri, kind, readOf(name, schema, o as TableSourceOptions<Fields>), schema)
}

function readOf(table: string, schema: AnySchema, o: TableSourceOptions<Fields>): TableRead {
  for (const column of Object.keys(o.where ?? {})) fieldOf(schema, column)
  const { by, overlap = '0ms', deleted } = o.incremental ?? {}
  if (deleted !== undefined && fieldOf(schema, deleted).kind.tag !== 'bool')
    throw new Fault('pipeline', `table ${table}: deleted column "${deleted}" is not bool`)
  const time = by === undefined ? null : fieldOf(schema, by).kind.tag
  if (time !== null && time !== 'timestamp' && time !== 'datetime')
    throw new Fault('pipeline', `table ${table}: incremental by "${by}", which is no time`, {
      hint: 'name a column of kind t.timestamp or t.datetime',
    })
  return {
    table,
    where: o.where ?? {},
    incremental:
      by === undefined ? null : { by, overlapMs: durationMs('incremental.overlap', overlap, 0) },
    splitBy: o.splitBy ?? null,
    staging: o.staging ?? null,
    location: o.location ?? null,
  }
}

/** JSON has no bigint. */
const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)

class TableSource<F extends Fields> implements Source<F> {
  readonly format = 'table'
  readonly schema: Schema<F>
  readonly uri: string
  readonly fingerprint: string
  readonly markName?: string
  readonly leavesOut: boolean
  readonly #from: string
  readonly #kind: WarehouseKind
  readonly #asked: TableRead
  #reader: Promise<TableReader> | null = null

  constructor(uri: string, kind: WarehouseKind, asked: TableRead, schema: Schema<F>) {
    this.schema = schema
    this.uri = `${redactUri(uri)}.${asked.table}`
    this.#from = uri
    this.#kind = kind
    this.#asked = asked
    const { staging: _, location: __, ...what } = asked
    this.fingerprint = JSON.stringify(['table', this.uri, what, describe(schema)], plain)
    this.leavesOut = kind.leavesOut ?? false
    if (asked.incremental) this.markName = `${this.uri} by ${asked.incremental.by}`
  }

  async plan(request: PlanRequest) {
    return (await this.#open()).plan(request)
  }

  async open(split: Split, request: ReadRequest) {
    return (await this.#open()).open(split, request)
  }

  async release() {
    await (await this.#reader?.catch(() => null))?.release?.()
  }

  #open(): Promise<TableReader> {
    this.#reader ??= (this.#kind.read as NonNullable<WarehouseKind['read']>)(
      this.#from,
      this.#asked,
      this.schema,
    ).catch(error => {
      this.#reader = null
      throw error
    })
    return this.#reader
  }
}
