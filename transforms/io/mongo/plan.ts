/** Plans a collection: what is new in it, at which moment it is read, and how it is cut into splits. */
import type { Db } from 'mongodb'
import type { PlanRequest, SourcePlan, Split } from '../../../engine/io/source.ts'
import type { Address } from './address.ts'
import { Level } from './bson/levels.ts'
import type { Lease } from './client.ts'
import { cut } from './cut.ts'
import { type Facts, factsOf, missing } from './facts.ts'
import type { Settings } from './options.ts'
import type { Range } from './range.ts'
import { snapshotOf } from './snapshot.ts'
import { type News, newsOf } from './news.ts'

/** Fewer documents are no task of their own. */
const SPLIT_DOCUMENTS_MIN = 1 << 15
const SPLITS_MAX = 2048
const BATCH_MAX = 1 << 14

export interface Planning {
  readonly lease: Lease
  readonly address: Address
  readonly settings: Settings
}

export async function planCollection(o: Planning, request: PlanRequest): Promise<SourcePlan> {
  const { lease, address, settings } = o
  // Before requests in parallel, of which all but one would hear that the client is closed.
  await lease.client.connect()
  const db = lease.client.db(address.database)
  const facts = await factsOf(db, address)
  if (!facts.exists && settings.onMissing === 'fail') throw await missing(db, address)
  const notes: string[] = []
  const snapshot = settings.snapshot ? await snapshotOf(db, address, notes) : null
  const news = await newsOf(
    { db, bson: lease.driver.BSON, address, settings, facts, snapshot },
    request,
  )
  notes.push(...news.notes)
  const ranges =
    facts.documents === 0 ? [] : await rangesOf(o, db, { facts, news, snapshot, request })
  const inputs = [{ uri: address.shown, bytes: facts.bytes, version: versionOf(facts, snapshot) }]
  const index = settings.splitBy === '_id' || facts.indexes.has(settings.splitBy)
  if (!index && facts.documents > 0)
    notes.push(
      `${address.shown}: ${settings.splitBy} has no index, so each split reads all documents`,
    )
  return {
    splits: splitsOf(address, ranges, bytesOf(facts, news)),
    inputs,
    notes,
    ...(news.mark === null ? {} : { mark: news.mark }),
    ...(news.nothingNew ? { nothingNew: true } : {}),
  }
}

/** The cluster's time: another one after any write, so that only what surely stood still is resumed. */
const versionOf = ({ uuid, documents, time }: Facts, snapshot: string | null): string =>
  snapshot === null ? `${uuid} ${documents} at ${time}` : `${uuid} as of ${snapshot}`

/** Of the documents that are to be read. */
const bytesOf = ({ bytes, documents }: Facts, news: News): number =>
  Math.ceil((bytes / Math.max(1, documents)) * news.documents)

async function rangesOf(
  { lease, address, settings }: Planning,
  db: Db,
  o: { facts: Facts; news: News; snapshot: string | null; request: PlanRequest },
): Promise<Range[]> {
  const { facts, news, request } = o
  const average = Math.max(1, facts.bytes / Math.max(1, facts.documents))
  const key =
    news.window?.from === null || news.window === null ? splitKey(settings) : settings.splitBy
  const parts = partsOf(news.documents, bytesOf(facts, news), request)
  const batch = Math.max(1, Math.min(BATCH_MAX, Math.floor(settings.batchBytes / average)))
  return cut({
    db,
    bson: lease.driver.BSON,
    collection: address.collection,
    whole: {
      key,
      index: facts.indexes.get(key) ?? null,
      by: settings.by,
      window: news.window,
      batch,
      simple: facts.simple,
      direct: facts.alone || (facts.primary && isPrimary(lease)),
      snapshot: o.snapshot,
    },
    documents: news.documents,
    parts,
    readConcern: settings.readConcern,
    level: Level.of([key]),
  })
}

const isPrimary = ({ client }: Lease): boolean => client.readPreference.mode === 'primary'

/** A first read goes by `_id`, which every document has once; an increment by its own field. */
const splitKey = ({ splitBy, by }: Settings): string => (splitBy === by ? '_id' : splitBy)

function partsOf(
  documents: number,
  bytes: number,
  { splitBytes, splits = 1 }: PlanRequest,
): number {
  const wanted = Math.max(bytes / splitBytes, Math.min(splits, documents / SPLIT_DOCUMENTS_MIN))
  return Math.max(1, Math.min(SPLITS_MAX, documents, Math.ceil(wanted)))
}

function splitsOf(address: Address, ranges: readonly Range[], bytes: number): Split[] {
  const each = Math.ceil(bytes / Math.max(1, ranges.length))
  return ranges.map((range, i) => ({
    uri: address.shown,
    // Positions in the order of the ranges: a collection has no bytes to count.
    start: i,
    end: i + 1,
    bytes: each,
    detail: range,
  }))
}
