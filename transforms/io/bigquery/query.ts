/** Queries that read: a job, and its rows page by page. */
import { Fault } from '../../../engine/fault.ts'
import type { Api } from './api.ts'
import { ApiFailure, faultOf } from './failure.ts'
import { type Cells, type Page, runJob } from './job.ts'
import { type Dataset, hashOf } from './names.ts'
import type { TableField } from './types.ts'

export type { Cells } from './job.ts'

export interface Result {
  /** Names the job, to read its rows from anywhere. */
  readonly job: string
  readonly location: string | null
  readonly rows: number
  readonly fields: readonly TableField[]
  /** The first of them, as many as were asked for and came. */
  readonly first: readonly Cells[]
}

export interface Select {
  readonly sql: string
  readonly dataset: Dataset
  readonly subject: string
  readonly at?: string
  readonly parameters?: readonly QueryParameter[]
  /** Rows that are wanted at once; none where absent. */
  readonly first?: number
}

/** A value that a query names `@name`. */
export interface QueryParameter {
  readonly name: string
  readonly parameterType: { readonly type: string; readonly arrayType?: { readonly type: string } }
  readonly parameterValue: {
    readonly value?: string | null
    readonly arrayValues?: readonly { readonly value: string | null }[]
  }
}

const QUERY_MS = 3600_000
/** Rows of a page; the service cuts it at 10 MB, and so may end it early. */
export const PAGE_ROWS = 20_000

/** Runs a query whose rows are then asked for with `pages`. Throws as `runJob`. */
export async function select(api: Api, o: Select): Promise<Result> {
  const { location } = o.dataset
  const finished = await runJob(api, {
    hash: hashOf(crypto.randomUUID()),
    purpose: 'read',
    configuration: {
      query: {
        query: o.sql,
        useLegacySql: false,
        defaultDataset: { projectId: o.dataset.project, datasetId: o.dataset.dataset },
        ...(o.parameters?.length ? { parameterMode: 'NAMED', queryParameters: o.parameters } : {}),
      },
    },
    location,
    subject: o.subject,
    ...(o.at ? { at: o.at } : {}),
    deadlineMs: QUERY_MS,
    rows: o.first ?? 0,
  })
  const named = { job: finished.id, location }
  const page = finished.page ?? (await pageOf(api, named, { first: 0, rows: o.first ?? 0 }))
  return {
    ...named,
    rows: Number(page.totalRows ?? 0),
    fields: page.schema?.fields ?? [],
    first: page.rows ?? [],
  }
}

async function pageOf(
  api: Api,
  { job, location }: Pick<Result, 'job' | 'location'>,
  o: { first: number; rows: number },
): Promise<Page> {
  try {
    return await api.ask<Page>({
      path: `/queries/${job}`,
      query: {
        startIndex: o.first,
        maxResults: o.rows,
        'formatOptions.useInt64Timestamp': true,
        ...(location === null ? {} : { location }),
      },
    })
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error
    throw faultOf(error, `the result of job ${job}`, {
      ...(error.code === 404 ? { hint: 'results are kept for 24 h: run again' } : {}),
    })
  }
}

/** Rows [from, to) of a result, in its order, a page at a time; the next page is asked for meanwhile. */
export async function* pages(
  api: Api,
  result: Pick<Result, 'job' | 'location'> & Partial<Pick<Result, 'first'>>,
  from: number,
  to: number,
): AsyncGenerator<readonly Cells[]> {
  const ask = (first: number) => {
    const asked = pageOf(api, result, { first, rows: Math.min(PAGE_ROWS, to - first) })
    // It is awaited later; until then its failure is not unhandled.
    asked.catch(() => {})
    return asked
  }
  const here = from === 0 ? (result.first ?? []).slice(0, to) : []
  let at = from + here.length
  let next = at < to ? ask(at) : null
  if (here.length > 0) yield here
  while (next) {
    const rows = (await next).rows ?? []
    if (rows.length === 0) throw new Fault('engine', `job ${result.job} has no row ${at} of ${to}`)
    at += rows.length
    next = at < to ? ask(at) : null
    yield rows
  }
}
