/** A process to be killed: stages and publishes the loads that it is given, as a run does. */
import type { TableLoad } from '../../../../engine/io/warehouse.ts'
import { t } from '../../../../engine/data/schema.ts'
import { BigQueryWarehouse } from '../warehouse.ts'

/** Kinds cannot be sent: the columns are these. */
export const COLUMNS = [
  { name: 'id', kind: t.int32 },
  { name: 'v', kind: t.utf8 },
  { name: 'seen', kind: t.date },
]

if (process.argv[2] === 'run') {
  const [uri, text] = process.argv.slice(3) as [string, string]
  const loads = (JSON.parse(text) as TableLoad[]).map(load => ({ ...load, columns: COLUMNS }))
  const warehouse = new BigQueryWarehouse(uri, { staging: 'gs://staging/of test', location: null })
  await warehouse.check()
  console.log('checked')
  for (const load of loads) await warehouse.stage(load)
  console.log('staged')
  await warehouse.publish(loads)
  await warehouse.close()
}
