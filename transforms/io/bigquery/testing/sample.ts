/** For the tests of this folder: rows as shards, loads of them, a data set of the test's own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dense } from '../../../../engine/data/batch.ts'
import { newColumn } from '../../../../engine/data/column.ts'
import { type Field, schemaOf } from '../../../../engine/data/schema.ts'
import { writeValue } from '../../../../engine/data/value.ts'
import type { TableOptions } from '../../../../engine/io/sink.ts'
import type { TableLoad, Warehouse } from '../../../../engine/io/warehouse.ts'
import { parquetFragment } from '../../parquet/fragment.ts'
import { openApi } from '../api.ts'
import { BigQueryWarehouse } from '../warehouse.ts'

export const folder = mkdtempSync(join(tmpdir(), 'millrace-bigquery-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
let made = 0

export type Row = readonly unknown[]

/** A Parquet file of the engine's own. */
export async function shard(
  columns: readonly Field[],
  rows: readonly Row[],
  rowsPerRowGroup = 16,
): Promise<string> {
  const path = join(folder, `shard-${made++}.parquet`)
  const schema = schemaOf(columns)
  const writer = parquetFragment(path, schema, { rowsPerRowGroup })
  const batch = columns.map(({ kind }, c) => {
    const column = newColumn(kind, rows.length)
    for (const [i, row] of rows.entries()) writeValue(column, i, row[c])
    return column
  })
  await writer.write(dense(schema, batch, rows.length))
  await writer.close()
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

/** Shards of rows as a load; its id is padded to that of a hash. */
export async function loadOf(
  columns: readonly Field[],
  shards: readonly (readonly Row[])[],
  o: Partial<TableOptions> & { id: string; table?: string; rows?: number },
): Promise<TableLoad> {
  const { id, table = 'sales', rows, ...options } = o
  const files: string[] = []
  for (const some of shards) files.push(await shard(columns, some))
  return {
    id: id.padEnd(20, '0'),
    table,
    columns,
    files,
    rows: rows ?? shards.reduce((sum, s) => sum + s.length, 0),
    at: 'user.ts:1  .write',
    options: { ...defaults, ...options },
  }
}

export const PLACE = { staging: 'gs://staging/of test', location: null }

/** A data set of its own, empty. */
export async function dataset(
  location = 'EU',
): Promise<{ uri: string; open: () => BigQueryWarehouse }> {
  const name = `d${process.pid}_${made++}_${Date.now()}`
  const api = await openApi('test')
  const json = { datasetReference: { projectId: 'test', datasetId: name }, location }
  // 409: its answer was lost, and it was asked for again.
  await api.ask({ method: 'POST', path: '/datasets', json }).catch(error => {
    if (error.code !== 409) throw error
  })
  const uri = `bigquery://test.${name}`
  return { uri, open: () => new BigQueryWarehouse(uri, PLACE) }
}

export async function put(warehouse: Warehouse, ...loads: TableLoad[]) {
  for (const load of loads) await warehouse.stage(load)
  return warehouse.publish(loads)
}
