/** What planning asks the server: whether the collection is there, how large it is, its indexes, its time. */
import type { Db } from 'mongodb'
import { Fault, nearestName } from '../../../engine/fault.ts'
import type { Address } from './address.ts'

export interface Facts {
  readonly exists: boolean
  /** Of the collection itself: another one of the same name has another. Empty where it is not told. */
  readonly uuid: string
  readonly documents: number
  /** Whether texts are compared by their bytes: it has no collation of its own. */
  readonly simple: boolean
  /** No other server could answer: it is in no set and no cluster. */
  readonly alone: boolean
  /** It is in a set, whose primary every request for the primary reaches. */
  readonly primary: boolean
  /** Of all documents, as they are sent. */
  readonly bytes: number
  /** By the path of its first field, the name of an index that has every document. */
  readonly indexes: ReadonlyMap<string, string>
  /** The server's clock, epoch milliseconds. */
  readonly now: number
  /** The cluster's time, in hex: another one after each write. Empty on a server that stands alone. */
  readonly time: string
}

interface Listed {
  readonly type?: string
  readonly options?: object
  readonly info?: { readonly uuid?: { toString(): string } }
}

const UNAUTHORIZED = 13
/** Documents whose sizes are looked at where the server tells none. */
const SAMPLED = 100

/** Throws data: it is a view or a time series. */
export async function factsOf(db: Db, address: Address): Promise<Facts> {
  const { collection } = address
  const [listed, size, indexes, hello] = await Promise.all([
    allowed(db.listCollections({ name: collection }).toArray() as Promise<Listed[]>, null),
    sizeOf(db, collection),
    indexesOf(db, collection),
    db.command({ hello: 1 }),
  ])
  const [info] = listed ?? []
  if (info?.type === 'view' || info?.type === 'timeseries') throw unreadable(address, info.type)
  const uuid = info?.info?.uuid
  const time = hello['operationTime'] as { toBigInt?(): bigint } | undefined
  return {
    exists: listed === null || info !== undefined,
    uuid: String(uuid ?? ''),
    simple: info !== undefined && !('collation' in (info.options ?? {})),
    alone: hello['msg'] !== 'isdbgrid' && !('setName' in hello) && !('serviceId' in hello),
    primary: hello['isWritablePrimary'] === true && 'setName' in hello && !('serviceId' in hello),
    ...size,
    indexes,
    now: Number(hello['localTime'] ?? Date.now()),
    time: time?.toBigInt?.().toString(16) ?? '',
  }
}

const unreadable = ({ shown }: Address, type: string): Fault =>
  new Fault('data', `${shown} is a ${type === 'view' ? 'view' : 'time series'}`, {
    detail: ['expected  a collection, with an index of _id that it can be split by'],
    hint: 'read the collection below it, and do its work in the pipeline',
  })

/** What the user may not ask is `instead`; any other failure is one. */
async function allowed<T, U>(asked: Promise<T>, instead: U): Promise<T | U> {
  try {
    return await asked
  } catch (error) {
    if ((error as { code?: unknown }).code === UNAUTHORIZED) return instead
    throw error
  }
}

async function sizeOf(db: Db, name: string): Promise<{ documents: number; bytes: number }> {
  const documents = await db.collection(name).estimatedDocumentCount()
  if (documents === 0) return { documents, bytes: 0 }
  const stages = [{ $collStats: { storageStats: {} } }]
  const parts = await allowed(db.collection(name).aggregate(stages).toArray(), [])
  // One document a shard.
  const told = parts.reduce((sum, part) => sum + Number(part['storageStats']?.size ?? 0), 0)
  if (told > 0) return { documents, bytes: told }
  const sample = await db
    .collection(name)
    .find({}, { raw: true, limit: SAMPLED, batchSize: SAMPLED, sort: { $natural: 1 } })
    .toArray()
  const sampled = sample.reduce((sum, document) => sum + (document as unknown as Buffer).length, 0)
  return { documents, bytes: Math.ceil((sampled / Math.max(1, sample.length)) * documents) }
}

const NO_COLLECTION = 26

/** Sparse, partial and multikey ones do not have every document in order once; hidden ones none. */
async function indexesOf(db: Db, name: string): Promise<ReadonlyMap<string, string>> {
  const listed = db
    .collection(name)
    .indexes()
    .catch((error: { code?: unknown }) => {
      if (error.code === NO_COLLECTION) return []
      throw error
    })
  const found = new Map<string, string>()
  for (const index of await allowed(listed, [])) {
    const [[path, direction] = []] = Object.entries(index.key)
    const whole = !index.sparse && !index['partialFilterExpression'] && !index['hidden']
    if (!whole || index['collation'] || path === undefined || index.name === undefined) continue
    if (typeof direction === 'number' && !found.has(path)) found.set(path, index.name)
  }
  return found
}

/** The collection is not there: what is. */
export async function missing(db: Db, { shown, collection, database }: Address): Promise<Fault> {
  const listed = await allowed(db.listCollections({}, { nameOnly: true }).toArray(), [])
  const names = listed.map(c => c.name).sort()
  if (names.length === 0) return missingDatabase(db, shown, database)
  const near = nearestName(collection, names)
  return new Fault('data', `${shown}: there is no collection ${JSON.stringify(collection)}`, {
    detail: [`have  ${names.slice(0, 40).join(' ')}${names.length > 40 ? ' …' : ''}`],
    hint: near === undefined ? EMPTY : `did you mean ${JSON.stringify(near)}?`,
  })
}

const EMPTY = "check the name, or give onMissing: 'empty' where it is made later"

async function missingDatabase(db: Db, shown: string, database: string): Promise<Fault> {
  const admin = db.client.db('admin')
  const asked = admin.command({ listDatabases: 1, nameOnly: true, authorizedDatabases: true })
  const { databases } = (await allowed(asked, { databases: [] })) as {
    databases: { name: string }[]
  }
  const names = databases.map(d => d.name).sort()
  const near = nearestName(database, names)
  return new Fault('data', `${shown}: there is no database ${JSON.stringify(database)}`, {
    detail: [`have  ${names.slice(0, 40).join(' ')}`],
    hint: near === undefined ? EMPTY : `did you mean ${JSON.stringify(near)}?`,
  })
}
