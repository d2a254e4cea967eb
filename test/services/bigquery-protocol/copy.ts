/**
 * Runs a copy job. The emulator does what it can; a partition, as source or destination, is copied in
 * one transaction here.
 */
import { tableApart, write } from './load.ts'
import { conditionOf, destinationOf } from './partitions.ts'
import {
  Refused,
  shownTable,
  type TableReference,
  type Upstream,
  type UpstreamJob,
} from './upstream.ts'
import { pathOf, quoted, sqlName } from './upstream.ts'

export interface CopyConfiguration {
  readonly sourceTable?: TableReference
  readonly sourceTables?: readonly TableReference[]
  readonly destinationTable: TableReference
  readonly writeDisposition?: string
}

/** Throws Refused: what becomes the job's errorResult. */
export async function runCopy(upstream: Upstream, copy: CopyConfiguration): Promise<object> {
  const sources = copy.sourceTables ?? (copy.sourceTable ? [copy.sourceTable] : [])
  const to = destinationOf(copy.destinationTable)
  for (const source of sources) {
    const { table } = destinationOf(source)
    if (!(await upstream.table(table)))
      throw new Refused('notFound', `Not found: Table ${shownTable(table)}`)
  }
  const decorated = [copy.destinationTable, ...sources].some(({ tableId }) => tableId.includes('$'))
  if (decorated) {
    if (sources.length !== 1) throw new Refused('notImplemented', 'one source a partition here')
    return copyPartition(upstream, copy, sources[0]!, to.partition)
  }
  const { projectId } = to.table
  const asked = { configuration: { copy } }
  const { status } = await upstream.call<UpstreamJob>('POST', `${projectId}/jobs`, asked)
  const error = status.errorResult
  if (error) throw new Refused(error.reason, error.message, error.location)
  return {}
}

async function copyPartition(
  upstream: Upstream,
  copy: CopyConfiguration,
  from: TableReference,
  partition: string | null,
): Promise<object> {
  const to = destinationOf(copy.destinationTable).table
  const source = destinationOf(from)
  const [table, of] = [await upstream.table(to), await upstream.table(source.table)]
  if (!table) throw new Refused('notFound', `Not found: Table ${shownTable(to)}`)
  const schema = of?.schema?.fields ?? []
  const load = { writeDisposition: copy.writeDisposition ?? 'WRITE_EMPTY' }
  if (source.partition === null || !of) {
    await write(upstream, { load, to, apart: source.table, schema, table, partition })
    return {}
  }
  // The partition's rows alone, in a table apart.
  const apart = await tableApart(upstream, to.projectId)
  const condition = conditionOf(source.table, of, source.partition)
  const columns = schema.map(field => quoted(field.name)).join(', ')
  const select = `SELECT ${columns} FROM ${sqlName(source.table)} WHERE ${condition}`
  await upstream.sql(to.projectId, `CREATE TABLE ${sqlName(apart)} AS ${select}`)
  try {
    await write(upstream, { load, to, apart, schema, table, partition })
  } finally {
    await upstream.call('DELETE', pathOf(apart))
  }
  return {}
}
