/** The servers that this folder's tests talk to: BigQuery's protocol before an emulator, and a bucket. */
import type { TestContext } from 'node:test'
import {
  type BigqueryProtocol,
  bigqueryProtocol,
  type ProtocolOptions,
} from './services/bigquery-protocol/proxy.ts'
import { needs, serverOf } from './services/services.ts'

/**
 * A protocol proxy of the test's own before the servers that all tests of the file share; the clients of
 * this process are pointed at it until the test ends. Null, with the test skipped, where none is installed.
 */
export async function bigqueryFor(
  t: TestContext,
  options: ProtocolOptions = {},
): Promise<BigqueryProtocol | null> {
  if (!needs(t, 'bigquery')) return null
  const proxy = await bigqueryProtocol(await serverOf('bigquery'), options)
  t.after(() => proxy.stop())
  Object.assign(process.env, proxy.env)
  const storage = `${proxy.env['STORAGE_EMULATOR_HOST']}`
  await post(`${storage}/storage/v1/b?project=test`, JSON.stringify({ name: 'staging' }))
  // The server forgets a bucket whose last object goes.
  await post(`${storage}/upload/storage/v1/b/staging/o?uploadType=media&name=kept`, '{}')
  return proxy
}

async function post(url: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  await (await fetch(url, { method: 'POST', headers, body })).arrayBuffer()
}

/** Names of the objects that loads have left in the bucket. */
export async function stagedObjects(): Promise<string[]> {
  const { uri } = await serverOf('gcs')
  const response = await fetch(`${uri}/storage/v1/b/staging/o`)
  const { items = [] } = (await response.json()) as { items?: { name: string }[] }
  return items.map(item => item.name).filter(name => name !== 'kept')
}
