/** What of a collection is new since the last run that was published: the increment's window and mark. */
import type { BSON, Db } from 'mongodb'
import { Fault } from '../../../engine/fault.ts'
import type { PlanRequest } from '../../../engine/io/source.ts'
import type { Address } from './address.ts'
import type { Facts } from './facts.ts'
import type { Settings } from './options.ts'
import { allOf, concernOf, type Query, type TimeWindow, windowQuery } from './range.ts'

export interface News {
  /** Null where all is read, always. */
  readonly window: TimeWindow | null
  /** Documents in it. */
  readonly documents: number
  readonly mark: string | null
  /** All of the window's documents lie before the mark of the run before. */
  readonly nothingNew: boolean
  readonly notes: readonly string[]
}

export interface NewsOf {
  readonly db: Db
  readonly bson: typeof BSON
  readonly address: Address
  readonly settings: Settings
  readonly facts: Facts
  readonly snapshot: string | null
}

/** Throws pipeline: the mark is none. */
export async function newsOf(o: NewsOf, { since, interval }: PlanRequest): Promise<News> {
  const { settings, facts, address } = o
  const { by, overlapMs } = settings
  if (by === null)
    return { window: null, documents: facts.documents, mark: null, nothingNew: false, notes: [] }
  const notes: string[] = []
  if (!facts.indexes.has(by) && facts.documents > 0)
    notes.push(
      `${address.shown}: increments go by ${by}, which has no index: each reads all documents (db.${address.collection}.createIndex({ ${JSON.stringify(by)}: 1 }))`,
    )
  // A run that found no document at all has left an empty mark.
  const last = since ? markTime(since, address) : null
  const newest = interval ? null : await newestOf(o, by, notes)
  // Nothing is there that could be newer: the mark stays.
  const to = interval?.end ?? Math.max(newest ?? last ?? 0, last ?? 0)
  // An interval that was run before is read again as it was, though the mark lies beyond it.
  const start = last === null ? null : Math.min(last, interval?.start ?? last)
  const from = start === null ? null : start - overlapMs
  const window = { from, to, inclusive: !interval }
  const documents = from === null ? facts.documents : await countOf(o, { by, window })
  const known = interval !== undefined && interval !== null
  const upTo = new Date(Math.max(to, last ?? to)).toISOString()
  const mark = known || newest !== null || last !== null ? upTo : null
  // Only an interval moves the mark to where no document need be; one that is run again is no news.
  const fresh = known && last !== null && from !== null && { ...window, from: last }
  const nothingNew =
    fresh !== false && to >= last && (await countOf(o, { by, window: fresh })) === 0
  return { window: mark === null ? null : window, documents, mark, nothingNew, notes }
}

function markTime(mark: string, { shown }: Address): number {
  const time = Date.parse(mark)
  if (Number.isNaN(time))
    throw new Fault('pipeline', `${shown}: ${JSON.stringify(mark)} is no mark of it`, {
      detail: ['expected  a time, such as 2026-01-31T00:00:00.000Z'],
    })
  return time
}

/**
 * The latest time of a document, as far as it has passed: one from the future would move the mark past
 * all documents that change until then, which no later run would see.
 */
async function newestOf(o: NewsOf, by: string, notes: string[]): Promise<number | null> {
  const { facts, address } = o
  const newest = await latest(o, by, null)
  if (newest === null || newest <= facts.now) return newest
  notes.push(
    `${address.shown}: ${by} of some documents lies in the future (${new Date(newest).toISOString()}): they are read once it has come`,
  )
  return latest(o, by, facts.now)
}

async function latest(o: NewsOf, by: string, before: number | null): Promise<number | null> {
  const { db, address, facts, bson, snapshot, settings } = o
  const index = facts.indexes.get(by)
  const filter: Query = {
    $and: [
      { [by]: { $type: 'date', ...(before === null ? {} : { $lte: new Date(before) }) } },
      { [by]: { $not: { $type: 'array' } } },
    ],
  }
  const reply = await db.command(
    {
      aggregate: address.collection,
      pipeline: [
        { $match: filter },
        { $sort: { [by]: -1 } },
        { $limit: 1 },
        { $project: { _id: 0, at: `$${by}` } },
      ],
      cursor: {},
      ...(index === undefined ? {} : { hint: index }),
      ...concernOf(bson, snapshot, settings.readConcern),
    },
    { readPreference: db.readPreference ?? 'primary' },
  )
  const at = reply['cursor'].firstBatch[0]?.at
  return at instanceof Date ? at.getTime() : null
}

async function countOf(o: NewsOf, within: { by: string; window: TimeWindow }): Promise<number> {
  const { db, address, facts, bson, snapshot, settings } = o
  const match = allOf(windowQuery(within)) ?? {}
  const index = facts.indexes.get(within.by)
  const reply = await db.command(
    {
      aggregate: address.collection,
      pipeline: [{ $match: match }, { $group: { _id: null, count: { $sum: 1 } } }],
      cursor: {},
      ...(index === undefined ? {} : { hint: index }),
      ...concernOf(bson, snapshot, settings.readConcern),
    },
    { readPreference: db.readPreference ?? 'primary' },
  )
  return Number(reply['cursor'].firstBatch[0]?.count ?? 0)
}
