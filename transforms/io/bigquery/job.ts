/**
 * Jobs whose ids follow from what they do. The same work asked for again, by this process after a lost
 * answer or by another after a crash, is answered 409 and taken over instead of done twice. A job that
 * ended in failure has spent its id, for good: the next generation has another.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../../engine/fault.ts'
import type { Api } from './api.ts'
import { ApiFailure, type ErrorProto, faultOf, jobFailure } from './failure.ts'
import { jitteredMs } from '../retry/retry.ts'
import { RETRY } from './retry.ts'
import type { TableField } from './types.ts'

/** The parts of the REST interface's job that are read here. */
export interface Job {
  readonly jobReference?: { readonly jobId?: string; readonly location?: string }
  readonly status?: {
    readonly state?: string
    readonly errorResult?: ErrorProto
    readonly errors?: readonly ErrorProto[]
  }
  readonly statistics?: {
    readonly creationTime?: string
    readonly load?: { readonly outputRows?: string; readonly badRecords?: string }
    readonly query?: { readonly numDmlAffectedRows?: string }
  }
}

/** What jobs.getQueryResults answers, in part. */
export interface Page {
  readonly jobComplete?: boolean
  readonly totalRows?: string
  readonly schema?: { readonly fields?: readonly TableField[] }
  readonly rows?: readonly Cells[]
}

/** A row as the REST interface sends it. */
export interface Cells {
  readonly f: readonly { readonly v: unknown }[]
}

export interface Work {
  /** Of all that the work is; `hashOf`. */
  readonly hash: string
  readonly purpose: 'load' | 'publish' | 'ledger' | 'read'
  readonly configuration: object
  readonly location: string | null
  /** Opens a fault's message. */
  readonly subject: string
  readonly at?: string
  /** Of all its attempts together. */
  readonly deadlineMs: number
  /** It is a query, of whose result so many rows are wanted with the news that it is done. */
  readonly rows?: number
  /** Lines for a fault, such as the files that were loaded. */
  detail?(errors: readonly ErrorProto[]): readonly string[]
}

export interface Finished {
  readonly id: string
  readonly job: Job
  /** Another asked for it, or we did and did not hear of it. */
  readonly adopted: boolean
  /** The beginning of a query's result. */
  readonly page?: Page
}

/** Failed attempts of our own, but for conflicts; and ids that were spent by runs before. */
const ATTEMPTS_MAX = 5
/** Between two attempts at what another transaction is in the way of, which may take hours. */
const TURN_MS = 30_000
const GENERATIONS_MAX = 1000
/** Each pause is a third of the time that has passed. */
const POLL = { firstMs: 50, growth: 1.4, longestMs: 10_000 }
/** So long the service holds a request for a result that is not there yet. */
const WAIT_MS = 10_000

export const jobId = (work: Pick<Work, 'hash' | 'purpose'>, generation: number): string =>
  `millrace_${work.hash}_${work.purpose}_${generation}`

/** Throws the job's failure as a Fault: data, or resource where the same job may succeed later. */
export async function runJob(api: Api, work: Work): Promise<Finished> {
  const end = Date.now() + work.deadlineMs
  let failed = 0
  let conflicts = 0
  for (let generation = 0; generation < GENERATIONS_MAX; generation++) {
    const id = jobId(work, generation)
    const adopted = !(await inserted(api, work, id))
    const { job, page } = await done(api, work, { id, end })
    const errors = errorsOf(job)
    if (errors.length === 0) return { id, job, adopted, ...(page ? { page } : {}) }
    // Its id was spent before we came.
    if (adopted && failed + conflicts === 0) continue
    const failure = jobFailure(errors)
    if (failure.conflict) conflicts++
    else failed++
    const pause = failure.conflict
      ? jitteredMs(conflicts, { ...RETRY, mostMs: TURN_MS })
      : jitteredMs(failed, RETRY)
    if (!failure.passing || failed >= ATTEMPTS_MAX || Date.now() + pause > end)
      throw faultFor(work, failure, id)
    await sleep(pause)
  }
  throw new Fault('resource', `${work.subject}: ${GENERATIONS_MAX} job ids are spent`, {
    hint: 'the same load failed each time: look at its jobs in the console',
  })
}

/** False where a job of this id is there already. */
async function inserted(api: Api, work: Work, id: string): Promise<boolean> {
  const location = work.location === null ? {} : { location: work.location }
  const json = {
    jobReference: { projectId: api.project, jobId: id, ...location },
    configuration: { ...work.configuration, labels: { millrace: work.purpose } },
  }
  try {
    await api.ask({ method: 'POST', path: '/jobs', json })
    return true
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error
    if (error.code === 409) return false
    throw faultFor(work, error, id)
  }
}

/** Asks until it is DONE: soon at first, then every ten seconds. Of a query the service itself waits. */
async function done(
  api: Api,
  work: Work,
  o: { id: string; end: number },
): Promise<{ job: Job; page?: Page }> {
  const query = work.location === null ? {} : { location: work.location }
  for (let pause = POLL.firstMs; ; pause = Math.min(POLL.longestMs, pause * POLL.growth)) {
    const page = work.rows === undefined ? null : await answered(api, work, o)
    if (page !== null) return { job: { status: { state: 'DONE' } }, page }
    const job = await api.ask<Job>({ path: `/jobs/${o.id}`, query }).catch(error => {
      throw error instanceof ApiFailure ? faultFor(work, error, o.id) : error
    })
    const state = job.status?.state
    if (state === 'DONE') return { job }
    if (Date.now() + pause > o.end)
      throw new Fault('resource', `${work.subject}: job ${o.id} is still ${state}`, {
        ...(work.at ? { at: work.at } : {}),
        hint: 'run again: the job goes on and is taken over',
      })
    await sleep(pause * (0.5 + Math.random() / 2))
  }
}

/** The page of a query that has ended well, waited for; null: the job has to be asked what became of it. */
async function answered(
  api: Api,
  work: Work,
  o: { id: string; end: number },
): Promise<Page | null> {
  const asked = {
    path: `/queries/${o.id}`,
    query: {
      timeoutMs: WAIT_MS,
      maxResults: work.rows ?? 0,
      'formatOptions.useInt64Timestamp': true,
      ...(work.location === null ? {} : { location: work.location }),
    },
    once: true,
  }
  while (Date.now() < o.end) {
    try {
      const page = await api.ask<Page>(asked)
      if (page.jobComplete) return page
    } catch (error) {
      // A refusal, the query's own error, or a broken line: the job knows.
      if (error instanceof ApiFailure) return null
      throw error
    }
  }
  return null
}

const errorsOf = ({ status }: Job): readonly ErrorProto[] => {
  const { errorResult, errors = [] } = status ?? {}
  if (!errorResult) return []
  const same = (e: ErrorProto) =>
    e.reason === errorResult.reason && e.message === errorResult.message
  return [errorResult, ...errors.filter(e => !same(e))]
}

const faultFor = (work: Work, failure: ApiFailure, id: string): Fault =>
  faultOf(failure, work.subject, {
    detail: [`job   ${id}`, ...(work.detail?.(failure.errors) ?? [])],
    ...(work.at ? { at: work.at } : {}),
  })
