/**
 * jobs.list: what was made through this proxy, newest first, page by page; and the day's limit of
 * modifications of a table, which the service keeps by the same jobs.
 */
import type { Configuration, Job } from './jobs.ts'
import type { ErrorProto } from './upstream.ts'

export interface DayOptions {
  /** Loads that tables have taken today before the test began, by `data set.table`. */
  readonly modified?: Readonly<Record<string, number>>
}

const MODIFICATIONS_MAX = 1500
const PAGE_MAX = 1000

/** What the service says of a job that the day has no room for; null: it has. */
export function overLimit(
  { load, copy }: Configuration,
  jobs: Iterable<Job>,
  { modified = {} }: DayOptions,
): ErrorProto | null {
  const to = load?.destinationTable ?? copy?.destinationTable
  if (!to) return null
  const name = nameOf(to)
  const made = [...jobs].filter(({ configuration: c }) => {
    const other = c.load?.destinationTable ?? c.copy?.destinationTable
    return other !== undefined && nameOf(other) === name
  })
  if ((modified[name] ?? 0) + made.length < MODIFICATIONS_MAX) return null
  const message =
    'Quota exceeded: Your table exceeded quota for imports or query appends per table. For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas'
  return { reason: 'quotaExceeded', location: 'load_job_per_table.long', message }
}

const nameOf = ({ datasetId, tableId }: { datasetId: string; tableId: string }): string =>
  `${datasetId}.${tableId.replace(/\$.*$/, '')}`

/** A page of them. */
export function listed(
  project: string,
  jobs: readonly Job[],
  o: { query: URLSearchParams; day: DayOptions },
): object {
  const { query, day } = o
  const since = Number(query.get('minCreationTime') ?? 0)
  const mine = jobs.filter(j => j.reference.projectId === project && j.createdMs >= since)
  const own = mine.toReversed().map(j => j.resource(j.done ? 'DONE' : 'RUNNING'))
  const before = Object.entries(day.modified ?? {}).flatMap(([name, n]) => {
    const [datasetId, tableId] = name.split('.')
    const destinationTable = { projectId: project, datasetId, tableId }
    return new Array<object>(n).fill({ configuration: { load: { destinationTable } } })
  })
  const all = [...own, ...before]
  // Counted from the oldest: newer ones may come between two pages.
  const token = query.get('pageToken')
  const from = token === null ? 0 : all.length - Number(token)
  const to = from + Math.min(Number(query.get('maxResults') ?? PAGE_MAX), PAGE_MAX)
  const next = to < all.length ? { nextPageToken: `${all.length - to}` } : {}
  return { kind: 'bigquery#jobList', jobs: all.slice(from, to), ...next }
}
