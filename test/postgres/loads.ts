/** For the tests of this folder: rows as a Parquet shard, and the same load for any warehouse. */
import { RowBuilder } from '../../engine/compile/rows.ts'
import { type Field, schemaOf } from '../../engine/data/schema.ts'
import type { TableOptions } from '../../engine/io/sink.ts'
import type { TableLoad, Warehouse } from '../../engine/io/warehouse.ts'
import { parquetFragment } from '../../transforms/io/parquet/fragment.ts'

export type Row = Readonly<Record<string, unknown>>

/** Writes a shard of the rows, in their order. */
export async function shardOf(path: string, columns: readonly Field[], rows: readonly Row[]) {
  const schema = schemaOf(columns)
  const writer = parquetFragment(path, schema)
  if (rows.length > 0) {
    const builder = new RowBuilder(schema, rows.length)
    for (const row of rows) builder.append(row as never)
    await writer.write(builder.take())
  }
  await writer.close()
  return path
}

const defaults: TableOptions = {
  mode: 'replace',
  key: [],
  latest: null,
  deleted: null,
  partition: null,
  cluster: [],
  names: 'asIs',
  audit: [],
}

export type Wanted = Partial<TableOptions> & {
  readonly id: string
  readonly table?: string
  readonly columns: readonly Field[]
  /** Of each shard. */
  readonly shards: readonly (readonly Row[])[]
}

let files = 0

export async function loadOf(
  folder: string,
  { id, table = 'sales', columns, shards, ...options }: Wanted,
) {
  const paths: string[] = []
  for (const rows of shards)
    paths.push(await shardOf(`${folder}/shard-${++files}.parquet`, columns, rows))
  const load: TableLoad = {
    id: id.padEnd(20, '0'),
    table,
    columns,
    files: paths,
    rows: shards.reduce((sum, rows) => sum + rows.length, 0),
    at: 'user.ts:1  .write',
    options: { ...defaults, ...options },
  }
  return load
}

export async function put(warehouse: Warehouse, ...loads: TableLoad[]) {
  for (const load of loads) await warehouse.stage(load)
  return warehouse.publish(loads)
}
