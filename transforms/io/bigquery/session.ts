/** An open data set: its tables, and the client that asks for them. */
import { Fault } from '../../../engine/fault.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { type Api, openApi } from './api.ts'
import { ApiFailure, faultOf } from './failure.ts'
import type { TableInfo } from './layout.ts'
import type { Dataset } from './names.ts'
import { datasetOf } from './uri.ts'

export interface Session {
  readonly api: Api
  readonly dataset: Dataset
}

/** Throws resource: no credentials, no such data set, no right to see it; pipeline: it lies elsewhere. */
export async function openSession(uri: string, location: string | null): Promise<Session> {
  const { project, dataset } = datasetOf(uri)
  const api = await openApi(project)
  const own = project || api.project
  const subject = `data set ${own}.${dataset}`
  const found = await asking(subject, () =>
    api.find<{ location?: string }>({ path: `/datasets/${dataset}` }, own),
  )
  const wanted = location === null ? '' : ` in ${location}`
  if (found === null)
    throw new Fault('resource', `${subject} is not there${wanted}`, {
      detail: ['BigQuery answered  404 notFound'],
      hint: `check the names of project and data set, or make it: bq mk --location=${location ?? 'LOCATION_OF_THE_BUCKET'} --dataset ${own}:${dataset}`,
    })
  const there = found.location ?? null
  if (location !== null && there !== null && location.toLowerCase() !== there.toLowerCase())
    throw new Fault('pipeline', `${subject} lies in ${there}, not in ${location}`, {
      hint: `leave the location out, or write location: '${there}'`,
    })
  return { api, dataset: { project: own, dataset, location: there ?? location } }
}

/** Runs requests whose refusal is told of `subject`. */
export async function asking<T>(subject: string, work: () => Promise<T>, at?: string): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error
    throw faultOf(error, subject, at ? { at } : {})
  }
}

const pathOf = ({ dataset }: Dataset, table = ''): string =>
  `/datasets/${dataset}/tables${table === '' ? '' : `/${encodeURIComponent(table)}`}`

/** Null where there is none. */
export const tableInfo = ({ api, dataset }: Session, table: string): Promise<TableInfo | null> =>
  asking(`table ${table}`, () =>
    api.find<TableInfo>({ path: pathOf(dataset, table) }, dataset.project),
  )

/** Makes a table; null where it is there already. Throws ApiFailure. */
async function insert({ api, dataset }: Session, table: object): Promise<TableInfo | null> {
  try {
    const asked = { method: 'POST', path: pathOf(dataset), json: table } as const
    return await api.ask<TableInfo>(asked, dataset.project)
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.code !== 409) throw error
    return null
  }
}

/** Makes a table unless it is there; what is there then. */
export async function createTable(
  session: Session,
  table: object,
  load: TableLoad,
): Promise<TableInfo> {
  const { api, dataset } = session
  const { tableId } = (table as { tableReference: { tableId: string } }).tableReference
  return asking(
    `table ${load.table}`,
    async () =>
      (await insert(session, table)) ??
      api.ask<TableInfo>({ path: pathOf(dataset, tableId) }, dataset.project),
    load.at,
  )
}

/** Makes a table unless it is there. */
export const ensureTable = (
  session: Session,
  table: object,
  { table: name, at }: Pick<TableLoad, 'table' | 'at'>,
): Promise<void> =>
  asking(
    `table ${name}`,
    async () => {
      await insert(session, table)
    },
    at,
  )

export const patchTable = ({ api, dataset }: Session, table: string, json: object): Promise<void> =>
  asking(`table ${table}`, async () => {
    await api.ask({ method: 'PATCH', path: pathOf(dataset, table), json }, dataset.project)
  })

/** Not to be there is as good. */
export const dropTable = ({ api, dataset }: Session, table: string): Promise<void> =>
  asking(`table ${table}`, async () => {
    await api.find({ method: 'DELETE', path: pathOf(dataset, table) }, dataset.project)
  })
