/**
 * The AWS client, made when it is first used. Credentials, region and endpoint (AWS_ENDPOINT_URL_S3) come
 * from its own chain. The client's own retries are off: `retry.ts` is the one place that sends again.
 */
import type { Agent as HttpsAgent } from 'node:https'
import { mayPass } from './answer.ts'
import { agentOf } from './http.ts'
import type { Retrying } from './retry.ts'
import type { S3Client } from '@aws-sdk/client-s3'

const CONNECT_MS = 10_000
/** Without a byte. */
const SILENT_MS = 60_000
const SOCKETS = { keepAlive: true, maxSockets: 64 }

const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }

let made: Promise<S3Client> | null = null

/** The one client of this thread. */
export function s3Client(): Promise<S3Client> {
  made ??= make().catch(error => {
    made = null
    throw error
  })
  return made
}

async function make(): Promise<S3Client> {
  const { S3Client: Client } = await import('@aws-sdk/client-s3')
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env
  return new Client({
    maxAttempts: 1,
    // It would warn of each streamed body that broke off, which is sent again here.
    logger: SILENT,
    // What stands behind an endpoint of one's own seldom has a host name for each bucket.
    ...((AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL) ? { forcePathStyle: true } : {}),
    // Checksums that a caller asks for are sent and verified, others not: bodies are streamed.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: SILENT_MS,
      httpAgent: agentOf('http:', SOCKETS),
      httpsAgent: agentOf('https:', SOCKETS) as HttpsAgent,
    },
  })
}

/** Ends its connections; the next use makes another one, by the environment as it is then. */
export async function closeS3Client(): Promise<void> {
  const client = made
  made = null
  ;(await client)?.destroy()
}

/**
 * Of a request on a condition: 409 says that another request of the same moment was in its way, not that
 * its condition failed, and the service asks for another attempt. An upload that is gone by then says so.
 */
export const CONDITIONAL: Retrying = {
  passes: answer => mayPass(answer) || answer.code === 'ConditionalRequestConflict',
}
