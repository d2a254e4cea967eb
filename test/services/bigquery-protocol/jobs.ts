/**
 * Jobs as jobs.insert and jobs.get of BigQuery's REST reference have them: an id is used once, and a
 * second use answers 409 whatever became of the first; a job is PENDING, then RUNNING, then DONE, and a
 * failed one is DONE with an errorResult; it runs whether or not anybody heard that it was accepted.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type CopyConfiguration, runCopy } from './copy.ts'
import { type LoadConfiguration, runLoad } from './load.ts'
import { type ErrorProto, Refused, type Upstream, type UpstreamJob } from './upstream.ts'

export interface JobReference {
  readonly projectId: string
  readonly jobId: string
  readonly location: string
}
export interface Configuration {
  readonly load?: LoadConfiguration
  readonly copy?: CopyConfiguration
  readonly query?: { readonly query: string }
  readonly dryRun?: boolean
}

export interface JobOptions {
  /** How often jobs.get says PENDING, after jobs.insert has. 1 where absent. */
  readonly pendingPolls?: number
  /** How often it says RUNNING at least. 1 where absent. */
  readonly runningPolls?: number
  /** How long a job waits before it runs. 30 where absent. */
  readonly queuedMs?: number
}

export class Job {
  readonly reference: JobReference
  readonly configuration: Configuration
  /** Settles when it is done, well or not. */
  readonly finished: Promise<void>
  readonly #options: JobOptions
  readonly #created = Date.now()
  #started = 0
  #ended = 0
  #polls = 0
  #cancelled = false
  #error: ErrorProto | null = null
  #statistics: object = {}

  /** `failure`: what it ends with, nothing done. `alone` keeps jobs from running at once. */
  constructor(
    what: { reference: JobReference; configuration: Configuration; failure: ErrorProto | null },
    options: JobOptions,
    run: (job: Job) => Promise<object>,
  ) {
    this.reference = what.reference
    this.configuration = what.configuration
    this.#options = options
    this.finished = this.#run(what.failure, run)
  }
  get error(): ErrorProto | null {
    return this.#error
  }
  get createdMs(): number {
    return this.#created
  }
  get done(): boolean {
    return this.#ended > 0
  }
  async #run(failure: ErrorProto | null, run: (job: Job) => Promise<object>): Promise<void> {
    await sleep(this.#options.queuedMs ?? 30, undefined, { ref: false })
    this.#started = Date.now()
    try {
      if (this.#cancelled) throw new Refused('stopped', 'Job execution was cancelled')
      if (failure) throw new Refused(failure.reason, failure.message)
      this.#statistics = await run(this)
    } catch (error) {
      this.#error =
        error instanceof Refused
          ? error.error
          : { reason: 'internalError', message: `the protocol proxy: ${error}` }
    }
    this.#ended = Date.now()
  }
  cancel(): void {
    this.#cancelled = true
  }
  /** What jobs.get says; each call is a poll. */
  polled(): object {
    const { pendingPolls = 1, runningPolls = 1 } = this.#options
    this.#polls++
    if (this.#polls <= pendingPolls) return this.resource('PENDING')
    if (this.#polls <= pendingPolls + runningPolls || !this.done) return this.resource('RUNNING')
    return this.resource('DONE')
  }
  /** What jobs.insert and jobs.get answer. */
  resource(state: 'PENDING' | 'RUNNING' | 'DONE'): object {
    const { projectId, jobId, location } = this.reference
    const error = this.#error
    const failed = state === 'DONE' && error ? { errorResult: error, errors: [error] } : {}
    const times = {
      creationTime: `${this.#created}`,
      ...(state === 'PENDING' ? {} : { startTime: `${this.#started || Date.now()}` }),
      ...(state === 'DONE' ? { endTime: `${this.#ended}` } : {}),
    }
    return {
      kind: 'bigquery#job',
      id: `${projectId}:${location}.${jobId}`,
      jobReference: this.reference,
      configuration: { ...this.configuration, jobType: typeOf(this.configuration) },
      status: { state, ...failed },
      statistics: { ...times, ...(state === 'DONE' ? this.#statistics : {}) },
    }
  }
}

export function typeOf({ load, copy, query }: Configuration): string {
  if (load) return 'LOAD'
  if (copy) return 'COPY'
  return query ? 'QUERY' : 'UNKNOWN'
}

/** The words that a fault is drawn by: `load shop.orders`. */
export function wordsOf({ load, copy, query }: Configuration): string {
  const to = load?.destinationTable ?? copy?.destinationTable
  if (to) return `${load ? 'load' : 'copy'} ${to.datasetId}.${to.tableId}`
  const statement = query?.query.trim().split(/\s+/).slice(0, 3).join(' ')
  return statement === undefined ? 'job' : `query ${statement}`
}

/** Does what a job asks for. Its statistics. Throws Refused. */
export async function execute(upstream: Upstream, job: Job): Promise<object> {
  const { load, copy } = job.configuration
  if (load) return { load: await runLoad(upstream, load) }
  if (copy) return { copy: await runCopy(upstream, copy) }
  const { projectId, jobId } = job.reference
  // Under the same id, so that its rows are found by it.
  const asked = { configuration: job.configuration, jobReference: { projectId, jobId } }
  const { status, statistics } = await upstream.call<UpstreamJob>(
    'POST',
    `${projectId}/jobs`,
    asked,
  )
  const error = status.errorResult
  if (error) throw new Refused(error.reason, error.message, error.location)
  const { creationTime: _c, startTime: _s, endTime: _e, ...kept } = statistics ?? {}
  return kept
}
