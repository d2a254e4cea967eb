/**
 * BigQuery's REST interface through the official client, which finds credentials, project and endpoint:
 * one request at a time, tried again while that may help, a refusal always as an ApiFailure. The client
 * is imported when first used. `BIGQUERY_EMULATOR_HOST` leads to a test server, without credentials.
 */
import type { BigQuery } from '@google-cloud/bigquery'
import { Fault } from '../../../engine/fault.ts'
import { ApiFailure, failureOf } from './failure.ts'
import type { Persistence } from '../retry/retry.ts'
import { RETRY, retried } from './retry.ts'

/** What one request may take; jobs.insert of a large script answers within seconds. */
const REQUEST_MS = 60_000

export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the project: `/datasets/shop/tables`. */
  readonly path: string
  readonly json?: object
  readonly query?: Readonly<Record<string, string | number | boolean>>
  /** A refusal is thrown at once, though the same again might succeed. */
  readonly once?: boolean
}

export interface Api {
  readonly project: string
  /** Throws ApiFailure. `project`: of another one than the jobs' own. */
  ask<T>(asked: Asked, project?: string): Promise<T>
  /** Null where the service answers 404. */
  find<T>(asked: Asked, project?: string): Promise<T | null>
}

/** Throws resource: no credentials are found, or they name no project. */
export async function openApi(project: string, limits: Persistence = RETRY): Promise<Api> {
  const client = await clientOf(project)
  const own = project || (await projectOf(client))
  const ask = <T>(asked: Asked, of = own): Promise<T> =>
    asked.once ? once<T>(client, asked, of) : retried(() => once<T>(client, asked, of), limits)
  const find = async <T>(asked: Asked, of = own): Promise<T | null> => {
    try {
      return await ask<T>(asked, of)
    } catch (error) {
      if (error instanceof ApiFailure && error.code === 404) return null
      throw error
    }
  }
  return { project: own, ask, find }
}

async function clientOf(projectId: string): Promise<BigQuery> {
  const { BigQuery: Client } = await import('@google-cloud/bigquery')
  const host = process.env['BIGQUERY_EMULATOR_HOST']
  const project = projectId === '' ? {} : { projectId }
  if (!host) return new Client({ ...project, autoRetry: false, maxRetries: 0 })
  const { OAuth2Client } = await import('google-auth-library')
  const authClient = new OAuth2Client()
  authClient.setCredentials({ access_token: 'test', expiry_date: Date.now() + 1e12 })
  const apiEndpoint = host.includes('://') ? host : `http://${host}`
  const named = projectId || process.env['GOOGLE_CLOUD_PROJECT'] || 'test'
  const options = { projectId: named, apiEndpoint, autoRetry: false, maxRetries: 0 }
  const client = new Client({ ...options, authClient: authClient as never })
  // The client takes the variable as it stands for its base.
  client.baseUrl = `${apiEndpoint}/bigquery/v2`
  return client
}

async function projectOf(client: BigQuery): Promise<string> {
  try {
    return await client.getProjectId()
  } catch (error) {
    throw new Fault('resource', 'the credentials name no project', {
      cause: error,
      detail: [`got   ${(error as Error).message.split('\n')[0]}`],
      hint: 'write bigquery://PROJECT.DATASET, or set GOOGLE_CLOUD_PROJECT',
    })
  }
}

function once<T>(client: BigQuery, asked: Asked, project: string): Promise<T> {
  const { method = 'GET', path, json, query } = asked
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const limit = setTimeout(
    () =>
      reject(
        new ApiFailure({
          code: 0,
          errors: [],
          message: `no answer in ${REQUEST_MS / 1000} s`,
          broken: true,
        }),
      ),
    REQUEST_MS,
  )
  client.request(
    {
      method,
      uri: path,
      projectId: project,
      ...(json === undefined ? {} : { json }),
      ...(query === undefined ? {} : { qs: query }),
    } as never,
    ((error: Error | null, body: T) => {
      clearTimeout(limit)
      if (error) reject(failureOf(error))
      else resolve(body)
    }) as never,
  )
  return promise
}
