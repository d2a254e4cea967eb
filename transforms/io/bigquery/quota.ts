/**
 * Modifications of tables on this day, counted from the project's own record of jobs: a table takes 1,500
 * loads, copies and queries with a destination a day, failed ones included. Statements (DML) are not limited.
 */
import { Fault } from '../../../engine/fault.ts'
import { isNear, type Target, type Usage } from '../../../engine/io/warehouse.ts'
import type { Api } from './api.ts'
import type { Dataset } from './names.ts'
import { asking, type Session } from './session.ts'

export const MODIFICATIONS_MAX = 1500
const PAGES_MAX = 50
/** A run looks at so many: it is not to wait for the jobs of all others. */
const RUN_PAGES_MAX = 10
/** All of a job that is looked at. */
const FIELDS = `nextPageToken,jobs(configuration(${['load', 'copy', 'query'].map(kind => `${kind}(destinationTable)`)}))`

interface Destination {
  readonly projectId?: string
  readonly datasetId?: string
  readonly tableId?: string
}
/** A job as jobs.list tells it. */
export interface ListedJob {
  readonly configuration?: {
    readonly load?: { readonly destinationTable?: Destination }
    readonly copy?: { readonly destinationTable?: Destination }
    readonly query?: { readonly destinationTable?: Destination }
  }
}

/** Jobs that write to a table, by the table, without partition decorators. */
export function modificationsOf(jobs: readonly ListedJob[], of: Dataset): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { configuration } of jobs) {
    const { load, copy, query } = configuration ?? {}
    const target = (load ?? copy ?? query)?.destinationTable
    const { projectId, datasetId, tableId = '' } = target ?? {}
    if (projectId !== of.project || datasetId !== of.dataset) continue
    const table = tableId.replace(/\$.*$/, '')
    counts.set(table, (counts.get(table) ?? 0) + 1)
  }
  return counts
}

export const nearLimit = (count: number): boolean => isNear({ used: count, of: MODIFICATIONS_MAX })

/** Quotas of a day begin anew at midnight Pacific time. */
export function dayStart(now: number): number {
  const zone = { timeZone: 'America/Los_Angeles', hourCycle: 'h23' } as const
  const parts = new Intl.DateTimeFormat('en-US', {
    ...zone,
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(now)
  const of = (type: string) => Number(parts.find(p => p.type === type)?.value ?? 0)
  return now - ((of('hour') * 60 + of('minute')) * 60 + of('second')) * 1000 - (now % 1000)
}

/** Of the jobs that these credentials made today. `complete`: there are not more than were looked at. */
export interface Counted {
  readonly counts: ReadonlyMap<string, number>
  readonly complete: boolean
}

/** Needs no right but that to make jobs. Cost: a request for each 1,000 jobs of the day. */
export async function modificationsToday(
  api: Api,
  dataset: Dataset,
  pagesMax = PAGES_MAX,
): Promise<Counted> {
  const counts = new Map<string, number>()
  let pageToken: string | undefined
  for (let page = 0; page < pagesMax; page++) {
    const query = {
      minCreationTime: dayStart(Date.now()),
      maxResults: 1000,
      projection: 'full',
      fields: FIELDS,
      ...(pageToken ? { pageToken } : {}),
    }
    const got = await asking(`jobs of ${api.project}`, () =>
      api.ask<{ jobs?: ListedJob[]; nextPageToken?: string }>({ path: '/jobs', query }),
    )
    for (const [table, n] of modificationsOf(got.jobs ?? [], dataset))
      counts.set(table, (counts.get(table) ?? 0) + n)
    pageToken = got.nextPageToken
    if (!pageToken) return { counts, complete: true }
  }
  return { counts, complete: false }
}

/** What was counted, or why it could not be: a run goes on without, and says so. */
export type Today = Counted | { readonly why: string }

export async function countToday({ api, dataset }: Session): Promise<Today> {
  try {
    return await modificationsToday(api, dataset, RUN_PAGES_MAX)
  } catch (error) {
    if (error instanceof Fault) return { why: error.message }
    throw error
  }
}

const WHAT = 'modifications today'
const LESS = 'load less often, with more rows a load; merge and replacePartition are not limited'

/** With `more` of this run's own. */
export function usageOf(today: Today, table: string, more: number): Usage {
  const limit = { what: WHAT, of: MODIFICATIONS_MAX, hint: LESS }
  if ('why' in today) return { ...limit, used: null, why: today.why }
  const used = (today.counts.get(table) ?? 0) + more
  return { ...limit, used, ...(today.complete ? {} : { atLeast: true }) }
}

/** Throws resource: the table takes no copy any more today. */
export function refuseFull({ table, at }: Pick<Target, 'table' | 'at'>, today: Today): void {
  const used = 'why' in today ? 0 : (today.counts.get(table) ?? 0)
  if (used < MODIFICATIONS_MAX) return
  const now = Date.now()
  const [since, until] = [dayStart(now), dayStart(dayStart(now) + 26 * 3600_000)].map(minute)
  throw new Fault('resource', `table ${table} takes no more loads today: its limit is reached`, {
    at,
    detail: [
      `got   ${used.toLocaleString('en-US')} of ${MODIFICATIONS_MAX.toLocaleString('en-US')} modifications since ${since}, by the project's record of jobs`,
    ],
    hint: `run again after ${until}; ${LESS}`,
  })
}

/**
 * Before anything is read: one table alone is replaced, or appended to, by a copy job, which counts; several
 * are published by statements.
 */
export async function checkRoom(session: Session, targets: readonly Target[]): Promise<void> {
  const [only, ...others] = targets
  if (!only || others.length > 0 || !['replace', 'append'].includes(only.options.mode)) return
  refuseFull(only, await countToday(session))
}

const minute = (ms: number): string => new Date(ms).toISOString().replace(/:\d\d\.\d+Z$/, 'Z')
