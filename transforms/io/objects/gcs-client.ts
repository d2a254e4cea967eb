/**
 * Google's client, made when it is first used. Credentials are Application Default Credentials; the
 * endpoint is Google's, or STORAGE_EMULATOR_HOST, which is asked without credentials. The client's own
 * retries are off: `retry.ts` is the one place that sends again.
 */
import type { Storage } from '@google-cloud/storage'

const TIMEOUT_MS = 60_000
const PUBLIC = 'https://storage.googleapis.com'

let made: Promise<Storage> | null = null

/** The one client of this thread. */
export function gcsClient(): Promise<Storage> {
  made ??= make().catch(error => {
    made = null
    throw error
  })
  return made
}

async function make(): Promise<Storage> {
  const { Storage: Client } = await import('@google-cloud/storage')
  const endpoint = emulator()
  const client = new Client({
    ...(endpoint === null ? {} : { apiEndpoint: endpoint, useAuthWithCustomEndpoint: false }),
    retryOptions: { autoRetry: false, maxRetries: 0 },
    timeout: TIMEOUT_MS,
  })
  // With STORAGE_EMULATOR_HOST set the client takes its value for the whole base, without the path.
  if (endpoint !== null) client.baseUrl = `${endpoint}/storage/v1`
  return client
}

function emulator(): string | null {
  const host = process.env.STORAGE_EMULATOR_HOST
  if (host === undefined || host === '') return null
  return (/^https?:\/\//.test(host) ? host : `http://${host}`).replace(/\/+$/, '')
}

/** Where requests of our own go: `…/storage/v1`, and `…/upload/storage/v1`. */
export function gcsEndpoint(): { readonly api: string; readonly upload: string } {
  const host = emulator() ?? PUBLIC
  return { api: `${host}/storage/v1`, upload: `${host}/upload/storage/v1` }
}

/**
 * The headers that authorise a request of our own; none for an emulator. A token is renewed by the
 * client before it expires.
 *
 * Throws  what the client says where there are no credentials
 */
export async function gcsHeaders(url: string): Promise<Record<string, string>> {
  if (emulator() !== null) return {}
  const { authClient } = await gcsClient()
  return Object.fromEntries(await authClient.getRequestHeaders(url))
}

/** `/b/bucket/o/name`: any name, whole. */
export const objectPath = (bucket: string, name: string): string =>
  `/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(name)}`
