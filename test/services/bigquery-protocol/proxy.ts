/**
 * The protocol proxy: stands in front of bqemulator and answers as BigQuery's REST reference says where
 * the emulator does otherwise (README.md lists what). What it does not know is forwarded. The fault
 * proxy may stand in front of it.
 *
 *     const bigquery = await bigqueryProtocol(await serverOf('bigquery'), { seed: 7 })
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { passTo, reset } from '../fault-proxy/forward.ts'
import { listen, pointedAt } from '../fault-proxy/proxy.ts'
import { googleError, type Refusal } from '../fault-proxy/refusals.ts'
import { type FaultOptions, type Schedule, scheduleOf } from '../fault-proxy/schedule.ts'
import type { Service } from '../server.ts'
import { type JobFault, PASSING } from './faults.ts'
import type { Job, JobOptions } from './jobs.ts'
import type { DayOptions } from './listing.ts'
import { routeOf } from './routes.ts'
import { Refused, type Upstream, upstreamOf } from './upstream.ts'

export interface ProtocolOptions extends JobOptions, DayOptions, Partial<FaultOptions<JobFault>> {}

export interface BigqueryProtocol extends Service {
  readonly schedule: Schedule<JobFault>
  /** All jobs that were made, in order. */
  readonly jobs: readonly Job[]
}

/** What the routes work on. */
export interface Protocol {
  readonly upstream: Upstream
  readonly options: JobOptions & DayOptions
  readonly schedule: Schedule<JobFault>
  readonly jobs: Map<string, Job>
  /** Answers of jobs.query by their requestId. */
  readonly asked: Map<string, Promise<Answer>>
  /** Runs one thing after the other: the emulator has one connection, and so one transaction. */
  alone<T>(work: () => Promise<T>): Promise<T>
}

/** A status with JSON; or null, where the connection is reset instead. */
export type Answer = { readonly status: number; readonly json: object } | null

/** Starts it on a free port. Faults are injected where a `seed` is given. */
export async function bigqueryProtocol(
  service: Service,
  options: ProtocolOptions = {},
): Promise<BigqueryProtocol> {
  const { seed = 0, rate = options.seed === undefined ? 0 : undefined } = options
  const given = { ...options, seed, ...(rate === undefined ? {} : { rate }) }
  const schedule = scheduleOf<JobFault>(given, PASSING)
  const jobs = new Map<string, Job>()
  let last: Promise<unknown> = Promise.resolve()
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work)
    last = next.catch(() => {})
    return next
  }
  const upstream = upstreamOf(service.port)
  const protocol = { upstream, options, schedule, jobs, asked: new Map(), alone }
  const listening = await listen(createServer((client, to) => serve(protocol, client, to)))
  const pointed = pointedAt(service, listening.port)
  const stop = async () => {
    await listening.stop()
    // What was accepted runs to its end.
    await last
  }
  return {
    ...pointed,
    ...listening,
    stop,
    schedule,
    get jobs() {
      return [...jobs.values()]
    },
  }
}

async function serve(
  protocol: Protocol,
  client: IncomingMessage,
  to: ServerResponse,
): Promise<void> {
  client.on('error', () => {})
  to.on('error', () => {})
  try {
    const route = routeOf(client.method ?? 'GET', client.url ?? '/')
    if (!route) return await passTo(protocol.upstream.port, client, to)
    const body = (await buffer(client)).toString()
    const json = body === '' ? {} : JSON.parse(body)
    const answer = await route(protocol, json)
    if (answer === null) return reset(client)
    send(to, { status: answer.status, type: JSON_TYPE, body: JSON.stringify(answer.json) })
  } catch (error) {
    if (error instanceof Refused) send(to, refusalOf(error))
    else reset(client)
  }
}

const JSON_TYPE = 'application/json; charset=UTF-8'
const STATUS: Readonly<Record<string, number>> = {
  notFound: 404,
  duplicate: 409,
  accessDenied: 403,
  notImplemented: 501,
  backendError: 503,
  internalError: 500,
}

const refusalOf = ({ error }: Refused): Refusal =>
  googleError(STATUS[error.reason] ?? 400, error.reason, error.message)

function send(to: ServerResponse, { status, type, body }: Refusal): void {
  to.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(
    body,
  )
}
