/** For the tests of this folder: shards written by DuckDB itself, and loads of them. */
import { DuckDBInstance } from '@duckdb/node-api'
import type { TableOptions } from '../../../engine/io/sink.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { DuckDbWarehouse } from './warehouse.ts'

export const limits = (folder: string) => ({
  memoryBytes: 256e6,
  threads: 2,
  tempDirectory: `${folder}/temp`,
})

/** Writes the rows of a query to a Parquet file. */
export async function shard(path: string, query: string): Promise<string> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`COPY (${query}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`)
  connection.closeSync()
  instance.closeSync()
  return path
}

export const defaults: TableOptions = {
  mode: 'replace',
  key: [],
  latest: null,
  deleted: null,
  partition: null,
  cluster: [],
  names: 'asIs',
  audit: [],
}

type Wanted = Pick<TableLoad, 'id' | 'columns' | 'files' | 'rows'> &
  Partial<TableOptions> & { readonly table?: string }

export function loadOf({
  id,
  columns,
  files,
  rows,
  table = 'sales',
  ...options
}: Wanted): TableLoad {
  const at = 'user.ts:1  .write'
  return {
    id: id.padEnd(20, '0'),
    table,
    columns,
    files,
    rows,
    at,
    options: { ...defaults, ...options },
  }
}

export async function warehouseAt(path: string, folder: string): Promise<DuckDbWarehouse> {
  const warehouse = new DuckDbWarehouse(`duckdb:${path}`, limits(folder))
  await warehouse.check()
  return warehouse
}

export async function put(warehouse: DuckDbWarehouse, ...loads: TableLoad[]) {
  for (const load of loads) await warehouse.stage(load)
  return warehouse.publish(loads)
}
