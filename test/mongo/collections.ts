/** For tests: the server, its collections, and where they are. */
import { after, before, type TestContext } from 'node:test'
import { type Collection, MongoClient } from 'mongodb'
import { schema, t } from '../../engine/data/schema.ts'
import { isInstalled, needs, serverOf } from '../services/services.ts'

export let client: MongoClient
/** `mongodb://127.0.0.1:P` */
export let host = ''
export const OPTIONS = '?directConnection=true'
export const at = (name: string): string => `${host}/shop/${name}${OPTIONS}`
export const here = (context: TestContext): boolean => needs(context, 'mongo')

before(async () => {
  if (!isInstalled('mongo')) return
  const { uri } = await serverOf('mongo')
  host = uri.slice(0, uri.indexOf('/', 10))
  client = await new MongoClient(uri).connect()
})
after(() => client?.close())

export async function filled(name: string, documents: readonly object[]): Promise<Collection> {
  const collection = client.db('shop').collection(name)
  await collection.drop().catch(() => undefined)
  for (let i = 0; i < documents.length; i += 1000)
    await collection.insertMany(documents.slice(i, i + 1000))
  return collection
}

export const N = schema({ n: t.int32 })
export const numbers = (rows: readonly Record<string, unknown>[]): unknown[] =>
  rows.map(r => r['n'])
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
