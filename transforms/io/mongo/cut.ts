/**
 * Cuts what is to be read into ranges of much the same number of documents. Up to SKIPPED_MAX of them
 * the server counts its way along the index, from bound to bound: one pass in all, and the same bounds
 * each time. Beyond that a random sample stands for all, whose bounds are other ones each time.
 */
import type { BSON, Db } from 'mongodb'
import type { Level } from './bson/levels.ts'
import { boundValue } from './bson/bound.ts'
import { allOf, concernOf, literal, type Query, type Range, windowQuery } from './range.ts'
import { rawBounds } from './raw.ts'

export type Whole = Omit<Range, 'lower' | 'upper'>

export interface CutRequest {
  readonly db: Db
  readonly bson: typeof BSON
  readonly collection: string
  readonly whole: Whole
  /** Of those that are to be read. */
  readonly documents: number
  readonly parts: number
  readonly readConcern: string | null
  readonly level: Level
}

const SKIPPED_MAX = 4_000_000
/** Values sampled for each bound: parts then differ by a tenth or so. */
const SAMPLED_EACH = 100

export async function cut(o: CutRequest): Promise<Range[]> {
  const bounds = o.parts < 2 ? [] : await (o.documents > SKIPPED_MAX ? sampled(o) : counted(o))
  const edges = [null, ...bounds, null]
  return edges.slice(1).map((upper, i) => ({ ...o.whole, lower: edges[i] as string | null, upper }))
}

async function counted(o: CutRequest): Promise<string[]> {
  const each = Math.ceil(o.documents / o.parts)
  const bounds: string[] = []
  for (let from: string | null = null; bounds.length < o.parts - 1; ) {
    const at: string | null = await boundAfter(o, from, each)
    // Many documents have the same value: a range ends where they do.
    const next: string | null = at !== null && at === from ? await boundAfter(o, from, null) : at
    if (next === null) break
    bounds.push(next)
    from = next
  }
  return bounds
}

/** The key of the document `skip` after the first one at `from`; with null the first one beyond `from`. */
async function boundAfter(
  { db, bson, collection, whole, readConcern, level }: CutRequest,
  from: string | null,
  skip: number | null,
): Promise<string | null> {
  const byId = whole.key === '_id'
  const beyond = skip === null ? '$gt' : '$gte'
  const rest =
    from === null || byId ? null : { $expr: { [beyond]: [`$${whole.key}`, literal(bson, from)] } }
  const filter = allOf(windowQuery(whole), rest)
  const found = await rawBounds(db, level, {
    find: collection,
    ...(filter && { filter }),
    projection: { _id: 0, [whole.key]: 1 },
    sort: { [whole.key]: 1 },
    skip: skip ?? (byId ? 1 : 0),
    limit: 1,
    ...(byId ? { hint: { _id: 1 } } : whole.index === null ? {} : { hint: whole.index }),
    ...(from !== null && byId ? { min: { _id: boundValue(bson, from) } } : {}),
    ...concernOf(bson, whole.snapshot, readConcern),
  })
  return found[0] ?? null
}

async function sampled(o: CutRequest): Promise<string[]> {
  const size = o.parts * SAMPLED_EACH
  const match = windowQuery(o.whole)
  const stages: Query[] = [
    ...(match ? [{ $match: match }] : []),
    { $sample: { size } },
    { $project: { _id: 0, [o.whole.key]: 1 } },
    { $sort: { [o.whole.key]: 1 } },
  ]
  const concern = concernOf(o.bson, o.whole.snapshot, o.readConcern)
  const command = {
    aggregate: o.collection,
    pipeline: stages,
    cursor: { batchSize: size },
    ...concern,
  }
  const values = await rawBounds(o.db, o.level, command)
  const bounds: string[] = []
  for (let i = 1; i < o.parts; i++) {
    const bound = values[Math.floor((i * values.length) / o.parts)]
    if (bound !== undefined && bound !== bounds.at(-1)) bounds.push(bound)
  }
  return bounds
}
