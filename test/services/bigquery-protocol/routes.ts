/** The requests that the protocol proxy answers itself: jobs, queries, and tables where the emulator errs. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { FAILURES, type JobFault, NOT_MADE, REFUSALS } from './faults.ts'
import { type Configuration, execute, Job, type JobReference, wordsOf } from './jobs.ts'
import { listed, overLimit } from './listing.ts'
import { addColumns } from './load.ts'
import type { Answer, Protocol } from './proxy.ts'
import { added } from './schemas.ts'
import { type ErrorProto, pathOf, Refused, sqlName, type Table } from './upstream.ts'

/** BigQuery's limit of source URIs of a load job. */
const URIS_MAX = 10_000
const RESULTS_WAIT_MS = 10_000
const ASKED_MAX = 1000

type Route = (protocol: Protocol, body: Record<string, unknown>) => Promise<Answer>
type Handler = (parts: readonly string[], query: URLSearchParams) => Route

const ROUTES: readonly (readonly [string, RegExp, Handler])[] = [
  ['POST', /^([^/]+)\/jobs$/, ([project]) => insertIn(project!)],
  ['GET', /^([^/]+)\/jobs$/, ([project], query) => list(project!, query)],
  ['GET', /^([^/]+)\/jobs\/([^/]+)$/, ([project, id], query) => getJob(project!, id!, query)],
  ['POST', /^([^/]+)\/jobs\/([^/]+)\/cancel$/, ([project, id]) => cancel(project!, id!)],
  ['GET', /^([^/]+)\/queries\/([^/]+)$/, ([project, id], query) => results(project!, id!, query)],
  ['POST', /^([^/]+)\/queries$/, ([project]) => query(project!)],
  ['GET', /^([^/]+)\/datasets\/([^/]+)\/tables\/([^/]+)$/, parts => getTable(parts)],
  ['PATCH', /^([^/]+)\/datasets\/([^/]+)\/tables\/([^/]+)$/, parts => patchTable(parts)],
]

/** Null where the request is to be forwarded as it is. */
export function routeOf(method: string, url: string): Route | null {
  const { pathname, searchParams } = new URL(url, 'http://proxy')
  const below = /^\/bigquery\/v2\/projects\/(.*)$/.exec(pathname)?.[1]
  for (const [verb, pattern, handler] of ROUTES) {
    const found = verb === method && below !== undefined ? pattern.exec(below) : null
    if (found) return handler(found.slice(1).map(decodeURIComponent), searchParams)
  }
  return null
}

const ok = (json: object): Answer => ({ status: 200, json })
const keyOf = (project: string, id: string): string => `${project}:${id}`

function insertIn(project: string): Route {
  return async (protocol, body) => {
    const configuration = (body['configuration'] ?? {}) as Configuration
    if (configuration.dryRun)
      return ok(await protocol.upstream.call('POST', `${project}/jobs`, body))
    const given = (body['jobReference'] ?? {}) as Partial<JobReference>
    const { jobId = `job_${randomUUID()}`, location = 'US' } = given
    const reference = { projectId: project, jobId, location }
    refuseWrong(protocol, reference, configuration)
    const fault = protocol.schedule.next(wordsOf(configuration))?.kind
    if (!fault || !NOT_MADE.includes(fault)) make(protocol, reference, configuration, fault)
    if (fault === 'insert-lost') return null
    const refusal = fault && REFUSALS[fault]
    if (refusal) return { status: refusal.status, json: JSON.parse(refusal.body) }
    return ok(protocol.jobs.get(keyOf(project, jobId))!.resource('PENDING'))
  }
}

function refuseWrong({ jobs }: Protocol, reference: JobReference, { load }: Configuration): void {
  const { projectId, jobId, location } = reference
  if (!/^[\w-]{1,1024}$/.test(jobId)) throw new Refused('invalid', `Invalid job ID "${jobId}"`)
  if (jobs.has(keyOf(projectId, jobId)))
    throw new Refused('duplicate', `Already Exists: Job ${projectId}:${location}.${jobId}`)
  if ((load?.sourceUris?.length ?? 0) > URIS_MAX)
    throw new Refused('invalid', `Too many source URIs: at most ${URIS_MAX} are allowed`)
}

function make(
  { upstream, options, jobs, alone }: Protocol,
  reference: JobReference,
  configuration: Configuration,
  fault: JobFault | undefined,
): void {
  const full = overLimit(configuration, jobs.values(), options)
  const failure: ErrorProto | null = (fault && FAILURES[fault]) ?? full
  const what = { reference, configuration, failure }
  const job = new Job(what, options, made => alone(() => execute(upstream, made)))
  jobs.set(keyOf(reference.projectId, reference.jobId), job)
}

/** A job of that id in that location; null where another interface of the emulator may know it. */
function jobOf(
  { jobs }: Protocol,
  project: string,
  id: string,
  query: URLSearchParams,
): Job | null {
  const job = jobs.get(keyOf(project, id))
  const location = query.get('location')
  if (job && location !== null && location.toUpperCase() !== job.reference.location.toUpperCase())
    throw new Refused('notFound', `Not found: Job ${project}:${location}.${id}`)
  return job ?? null
}

const list =
  (project: string, query: URLSearchParams): Route =>
  async ({ jobs, options }) =>
    ok(listed(project, [...jobs.values()], { query, day: options }))

function getJob(project: string, id: string, query: URLSearchParams): Route {
  return async protocol => {
    const job = jobOf(protocol, project, id, query)
    if (job) return ok(job.polled())
    return ok(await protocol.upstream.call('GET', `${project}/jobs/${encodeURIComponent(id)}`))
  }
}

function cancel(project: string, id: string): Route {
  return async protocol => {
    const job = protocol.jobs.get(keyOf(project, id))
    if (!job) throw new Refused('notFound', `Not found: Job ${project}:${id}`)
    job.cancel()
    return ok({ kind: 'bigquery#jobCancelResponse', job: job.resource('RUNNING') })
  }
}

/** jobs.getQueryResults: waits a while, says so where the job is not done, and tells a failed one's error. */
function results(project: string, id: string, query: URLSearchParams): Route {
  return async protocol => {
    const job = jobOf(protocol, project, id, query)
    if (job) {
      const wait = Math.min(Number(query.get('timeoutMs') ?? RESULTS_WAIT_MS), RESULTS_WAIT_MS)
      await Promise.race([job.finished, sleep(wait, undefined, { ref: false })])
      const kind = 'bigquery#getQueryResultsResponse'
      if (!job.done) return ok({ kind, jobComplete: false, jobReference: job.reference })
      if (job.error) throw new Refused(job.error.reason, job.error.message)
    }
    const path = `${project}/queries/${encodeURIComponent(id)}?${query}`
    return ok(await protocol.upstream.call('GET', path))
  }
}

/** jobs.query: an error is an HTTP error, and a requestId is answered once. */
function query(project: string): Route {
  return (protocol, body) => {
    const id = body['requestId']
    if (typeof id !== 'string') return ask(protocol, project, body)
    const { asked } = protocol
    const answer = asked.get(id) ?? ask(protocol, project, body)
    asked.set(id, answer)
    if (asked.size > ASKED_MAX) asked.delete(asked.keys().next().value!)
    return answer
  }
}

async function ask({ upstream, alone }: Protocol, project: string, body: object): Promise<Answer> {
  type Told = { errors?: readonly ErrorProto[] }
  const told = await alone(() => upstream.call<Told>('POST', `${project}/queries`, body))
  const first = told.errors?.[0]
  if (first) throw new Refused(first.reason, first.message, first.location)
  return ok(told)
}

const referenceOf = ([projectId, datasetId, tableId]: readonly string[]) =>
  ({ projectId: projectId!, datasetId: datasetId!, tableId: tableId! }) as const

/** The emulator counts rows at loads alone. */
function getTable(parts: readonly string[]): Route {
  return async ({ upstream, alone }) => {
    const reference = referenceOf(parts)
    const table = await upstream.call<Table & { type?: string }>('GET', pathOf(reference))
    if (table.type !== 'TABLE') return ok(table)
    const count = `SELECT COUNT(*) FROM ${sqlName(reference)}`
    const rows = await alone(() => upstream.sql(reference.projectId, count))
    return ok({ ...table, numRows: rows[0]?.[0] ?? '0' })
  }
}

/** New fields become columns, which the emulator leaves out; types do not change. */
function patchTable(parts: readonly string[]): Route {
  return async ({ upstream, alone }, body) => {
    const reference = referenceOf(parts)
    const given = (body['schema'] as Table['schema'] | undefined)?.fields
    const table = await upstream.call<Table>('GET', pathOf(reference))
    if (given) {
      const fresh = added(reference, table.schema?.fields ?? [], given, true)
      await alone(() => addColumns(upstream, reference, table, fresh))
    }
    return ok(await upstream.call('PATCH', pathOf(reference), body))
  }
}
