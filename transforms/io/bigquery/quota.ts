/**
 * Modifications of tables on this day, counted from the project's own record of jobs: a table takes 1,500
 * loads and copies a day, failed ones included. Statements (DML) are not limited.
 */
import type { Api } from './api.ts'
import type { Dataset } from './names.ts'
import { asking } from './session.ts'

export const MODIFICATIONS_MAX = 1500
/** At this share of them it is time to load less often. */
const NEAR = 0.8
const PAGES_MAX = 50

interface Target {
  readonly projectId?: string
  readonly datasetId?: string
  readonly tableId?: string
}
/** A job as jobs.list tells it. */
export interface ListedJob {
  readonly configuration?: {
    readonly load?: { readonly destinationTable?: Target }
    readonly copy?: { readonly destinationTable?: Target }
  }
}

/** Loads and copies by table, without partition decorators. */
export function modificationsOf(jobs: readonly ListedJob[], of: Dataset): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { configuration } of jobs) {
    const target = (configuration?.load ?? configuration?.copy)?.destinationTable
    const { projectId, datasetId, tableId = '' } = target ?? {}
    if (projectId !== of.project || datasetId !== of.dataset) continue
    const table = tableId.replace(/\$.*$/, '')
    counts.set(table, (counts.get(table) ?? 0) + 1)
  }
  return counts
}

export const nearLimit = (count: number): boolean => count >= MODIFICATIONS_MAX * NEAR

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
export async function modificationsToday(
  api: Api,
  dataset: Dataset,
): Promise<{ counts: Map<string, number>; complete: boolean }> {
  const counts = new Map<string, number>()
  let pageToken: string | undefined
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = {
      minCreationTime: dayStart(Date.now()),
      maxResults: 1000,
      projection: 'full',
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
