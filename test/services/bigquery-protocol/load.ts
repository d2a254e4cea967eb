/**
 * Runs a load job as the service does: all of it or nothing, columns by name, `outputRows` its own rows.
 * The emulator loads into a table apart; one transaction then writes its rows where they belong (the
 * whole table, or the partition that a decorator names).
 */
import { conditionOf, destinationOf } from './partitions.ts'
import { added, sqlType } from './schemas.ts'
import {
  type Field,
  pathOf,
  quoted,
  Refused,
  shownTable,
  sqlName,
  type Table,
  type TableReference,
  tablesOf,
  type Upstream,
  type UpstreamJob,
} from './upstream.ts'

export interface LoadConfiguration {
  readonly destinationTable: TableReference
  readonly sourceUris?: readonly string[]
  readonly schema?: { readonly fields: readonly Field[] }
  readonly schemaUpdateOptions?: readonly string[]
  readonly writeDisposition?: string
  readonly createDisposition?: string
  readonly timePartitioning?: object
  readonly rangePartitioning?: object
  readonly clustering?: object
}

const APART = '_protocol_proxy'
let tables = 0

/** The name of a new table in a data set of the proxy's own. */
export async function tableApart(upstream: Upstream, projectId: string): Promise<TableReference> {
  const dataset = { datasetReference: { projectId, datasetId: APART } }
  await upstream.call('POST', `${projectId}/datasets`, dataset).catch(ignoreDuplicate)
  return { projectId, datasetId: APART, tableId: `table_${tables++}` }
}

/** Throws Refused: what becomes the job's errorResult. */
export async function runLoad(upstream: Upstream, load: LoadConfiguration): Promise<object> {
  const { table: to, partition } = destinationOf(load.destinationTable)
  const before = await upstream.table(to)
  if (!before && (load.createDisposition === 'CREATE_NEVER' || partition !== null))
    throw new Refused('notFound', `Not found: Table ${shownTable(to)}`)
  const fields = load.schema?.fields ?? before?.schema?.fields
  const apart = await tableApart(upstream, to.projectId)
  try {
    await fill(upstream, load, apart, fields)
    const schema = (await upstream.table(apart))?.schema?.fields ?? []
    const table = before ?? (await create(upstream, load, to, schema))
    await evolve(upstream, load, to, table, schema)
    const rows = await rowsOf(upstream, apart)
    await write(upstream, { load, to, apart, schema, table, partition })
    return { inputFiles: `${load.sourceUris?.length ?? 0}`, outputRows: `${rows}`, badRecords: '0' }
  } finally {
    await upstream.call('DELETE', pathOf(apart)).catch(() => {})
  }
}

/** Loads the objects into the table apart. */
async function fill(
  upstream: Upstream,
  load: LoadConfiguration,
  apart: TableReference,
  fields: readonly Field[] | undefined,
): Promise<void> {
  const { projectId } = apart
  const { schemaUpdateOptions: _, ...rest } = load
  const how = fields ? { schema: { fields } } : { autodetect: true }
  const config = { ...rest, ...how, destinationTable: apart, writeDisposition: 'WRITE_APPEND' }
  const asked = { configuration: { load: { ...config, createDisposition: 'CREATE_IF_NEEDED' } } }
  const { status } = await upstream.call<UpstreamJob>('POST', `${projectId}/jobs`, asked)
  if (!status.errorResult) return
  const { reason, message } = status.errorResult
  const missing = /No files found/.test(message)
  const uri = load.sourceUris?.find(one => message.includes(one.replace('gs://', '/')))
  if (missing) throw new Refused('notFound', `Not found: URI ${uri ?? load.sourceUris?.[0]}`)
  throw new Refused(reason, message, uri ?? load.sourceUris?.[0])
}

function ignoreDuplicate(error: unknown): void {
  if (!(error instanceof Refused) || error.error.reason !== 'duplicate') throw error
}

async function create(
  upstream: Upstream,
  load: LoadConfiguration,
  to: TableReference,
  fields: readonly Field[],
): Promise<Table> {
  const { timePartitioning, rangePartitioning, clustering } = load
  const layout = { timePartitioning, rangePartitioning, clustering }
  return upstream.call('POST', tablesOf(to), { tableReference: to, schema: { fields }, ...layout })
}

/** Checks the load's schema against the table's, and adds the fields that it may add. */
async function evolve(
  upstream: Upstream,
  load: LoadConfiguration,
  to: TableReference,
  table: Table,
  schema: readonly Field[],
): Promise<void> {
  const mayAdd = load.schemaUpdateOptions?.includes('ALLOW_FIELD_ADDITION') ?? false
  await addColumns(upstream, to, table, added(to, table.schema?.fields ?? [], schema, mayAdd))
}

/** Of the emulator's two ways to add a column one changes the table, the other what it says of it. */
export async function addColumns(
  upstream: Upstream,
  to: TableReference,
  table: Table,
  fields: readonly Field[],
): Promise<void> {
  for (const field of fields) {
    const column = `${quoted(field.name)} ${sqlType(field)}`
    await upstream.sql(to.projectId, `ALTER TABLE ${sqlName(to)} ADD COLUMN ${column}`)
  }
  const schema = { fields: [...(table.schema?.fields ?? []), ...fields] }
  if (fields.length > 0) await upstream.call('PATCH', pathOf(to), { schema })
}

async function rowsOf(upstream: Upstream, of: TableReference, condition = 'TRUE'): Promise<number> {
  const query = `SELECT COUNT(*) FROM ${sqlName(of)} WHERE ${condition}`
  return Number((await upstream.sql(of.projectId, query))[0]?.[0] ?? 0)
}

interface Write {
  readonly load: Pick<LoadConfiguration, 'writeDisposition'>
  readonly to: TableReference
  readonly apart: TableReference
  readonly schema: readonly Field[]
  readonly table: Table
  readonly partition: string | null
}

/** One transaction: what is there goes where it is to be replaced, and the new rows come. */
export async function write(upstream: Upstream, what: Write): Promise<void> {
  const { load, to, apart, schema, table, partition } = what
  const condition = partition === null ? 'TRUE' : conditionOf(to, table, partition)
  if (partition !== null && (await rowsOf(upstream, apart, `(${condition}) IS NOT TRUE`)) > 0)
    throw new Refused(
      'invalid',
      `Some rows belong to different partitions rather than destination partition ${partition}`,
    )
  if (load.writeDisposition === 'WRITE_EMPTY' && (await rowsOf(upstream, to, condition)) > 0)
    throw new Refused('duplicate', `Already Exists: Table ${shownTable(to)}`)
  const columns = schema.map(field => quoted(field.name)).join(', ')
  const truncate = load.writeDisposition === 'WRITE_TRUNCATE'
  const statements = [
    'BEGIN TRANSACTION',
    ...(truncate ? [`DELETE FROM ${sqlName(to)} WHERE ${condition}`] : []),
    `INSERT INTO ${sqlName(to)} (${columns}) SELECT ${columns} FROM ${sqlName(apart)}`,
    'COMMIT TRANSACTION',
  ]
  await upstream.sql(to.projectId, `${statements.join(';\n')};`)
}
