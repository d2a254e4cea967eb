/**
 * `millrace check mongodb://…`: what a run that reads the collection would need, tried in its order. Of a
 * URI that names a database alone: whether its collections are seen.
 */
import type { Db } from 'mongodb'
import type { Check, CheckReport, Missing } from '../../../engine/io/check.ts'
import { type Address, addressOf, databaseOf } from './address.ts'
import { leaseOf } from './client.ts'
import { factsOf, missing } from './facts.ts'
import { mongoFault } from './faults.ts'
import { settingsOf } from './options.ts'
import { schemaOf } from '../../../engine/data/schema.ts'

type Step = readonly [what: string, doing: () => Promise<void>]

/** With `by`, the path that increments go by, also whether it has an index. */
export const checkMongo: (...o: [...Parameters<Check>, by?: string]) => Promise<CheckReport> =
  async (uri, signal, by) => {
    const database = databaseOf(uri)
    const address = database ?? addressOf(uri)
    const lease = await leaseOf(address, settingsOf(schemaOf([]), {}))
    const { client } = lease
    const db = client.db(address.database)
    try {
      return await reportOf(address, signal, [
        ['reach a server', async () => void (await client.connect())],
        ['authenticate', async () => void (await db.command({ ping: 1 }))],
        ...(database ? seen(db, address) : found(db, address, by)),
      ])
    } finally {
      lease.release()
    }
  }

const seen = (db: Db, address: Address): Step[] => [
  [
    'see the collections of the database',
    async () => {
      const [first] = await db.listCollections({}, { nameOnly: true }).toArray()
      if (first === undefined) throw await missing(db, address)
    },
  ],
]

const found = (db: Db, address: Address, by: string | undefined): Step[] => [
  ['find documents', async () => void (await db.collection(address.collection).findOne({}))],
  [
    'see the collection, its size and its indexes',
    async () => {
      const facts = await factsOf(db, address)
      if (!facts.exists) throw await missing(db, address)
      if (by !== undefined && !facts.indexes.has(by)) throw noIndex(address, by)
    },
  ],
]

class NoIndex extends Error {
  readonly hint: string
  constructor({ collection }: Address, by: string) {
    super(`no index begins with ${by}, so each increment reads all documents`)
    this.hint = `db.${collection}.createIndex({ ${JSON.stringify(by)}: 1 })`
  }
}
const noIndex = (address: Address, by: string): NoIndex => new NoIndex(address, by)

/** What comes after a step that failed is not tried: it would fail for the same reason. */
async function reportOf(
  address: Address,
  signal: AbortSignal | undefined,
  steps: readonly Step[],
): Promise<CheckReport> {
  const passed: string[] = []
  const missed: Missing[] = []
  for (const [what, doing] of steps) {
    if (missed.length > 0 || signal?.aborted) break
    try {
      await doing()
      passed.push(what)
    } catch (error) {
      missed.push(missingOf(address, what, error))
    }
  }
  return { system: 'MongoDB', resource: address.shown, passed, missing: missed }
}

function missingOf(address: Address, what: string, error: unknown): Missing {
  if (error instanceof NoIndex) return { what, answered: error.message, hint: error.hint }
  const { message, detail, hint = '' } = mongoFault(error, address, 'read')
  return { what, answered: [message, ...detail].join('\n'), hint }
}
