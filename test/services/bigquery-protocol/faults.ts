/**
 * What BigQuery itself may do to a job, as its reference shapes it: refusals of jobs.insert, with the job
 * made or not; jobs that end in an error; answers that are lost.
 */
import { googleError, type Refusal } from '../fault-proxy/refusals.ts'
import type { ErrorProto } from './upstream.ts'

export const JOB_FAULTS = [
  /** jobs.insert answers 403 rateLimitExceeded; there is no job. */
  'rate-limit',
  /** jobs.insert answers 503 backendError; there is no job. */
  'unavailable',
  /** jobs.insert answers 503 backendError; the job runs all the same. */
  'unavailable-yet-run',
  /** The connection is reset instead of an answer; the job runs all the same. */
  'insert-lost',
  /** The job ends with backendError, nothing done. Its id is spent. */
  'failed',
  /** The job ends with jobRateLimitExceeded, nothing done. Its id is spent. */
  'failed-rate-limit',
  /** jobs.insert answers 403 quotaExceeded: final. Only where asked for. */
  'quota',
  /** The job ends with quotaExceeded: final. Only where asked for. */
  'failed-quota',
] as const
export type JobFault = (typeof JOB_FAULTS)[number]

/** Those that a run gets over. */
export const PASSING: readonly JobFault[] = JOB_FAULTS.filter(kind => !kind.includes('quota'))

const RATE = 'Exceeded rate limits: too many table update operations for this table.'
const QUOTA =
  'Quota exceeded: Your table exceeded quota for imports or query appends per table. For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas'
const BACKEND = 'Error encountered during execution. Retrying may solve the problem.'

/** The answer of jobs.insert. */
export const REFUSALS: Partial<Record<JobFault, Refusal>> = {
  'rate-limit': googleError(403, 'rateLimitExceeded', RATE, 'usageLimits'),
  unavailable: googleError(503, 'backendError', BACKEND),
  'unavailable-yet-run': googleError(503, 'backendError', BACKEND),
  quota: googleError(403, 'quotaExceeded', QUOTA, 'usageLimits'),
}

/** The errorResult of the job. */
export const FAILURES: Partial<Record<JobFault, ErrorProto>> = {
  failed: { reason: 'backendError', message: BACKEND },
  'failed-rate-limit': { reason: 'jobRateLimitExceeded', message: RATE },
  'failed-quota': { reason: 'quotaExceeded', message: QUOTA },
}
/** No job is made. */
export const NOT_MADE: readonly JobFault[] = ['rate-limit', 'unavailable', 'quota']
