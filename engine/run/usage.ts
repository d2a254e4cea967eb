/** What loads use of their warehouses' limits, as a person reads it. */
import type { LoadJob, Usage } from '../io/warehouse.ts'

const SHOWN = 3

/** `modifications today 37 of 1,500` */
export function usageText({ what, used, of, atLeast = false, why = '' }: Usage): string {
  if (used === null) return `${what} not known, of ${count(of)} (${why})`
  return `${what} ${atLeast ? 'at least ' : ''}${count(used)} of ${count(of)}`
}

/** `2 load jobs of 10,000 and 12 URIs`; empty where there is none. */
export function loadJobsText(jobs: readonly LoadJob[]): string {
  if (jobs.length === 0) return ''
  const uris = jobs.map(job => job.uris)
  const few = uris.slice(0, SHOWN).map(count)
  const listed = [few.slice(0, -1).join(', '), few.at(-1)].filter(t => t !== '').join(' and ')
  const of = jobs.length > SHOWN ? `at most ${count(Math.max(...uris))}` : listed
  return `${count(jobs.length)} load ${jobs.length === 1 ? 'job' : 'jobs'} of ${of} ${`${of}` === '1' ? 'URI' : 'URIs'}`
}

const count = (n: number): string => n.toLocaleString('en-US')
