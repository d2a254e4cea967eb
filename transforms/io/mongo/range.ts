/**
 * Which documents a split has, and the command that finds them. Splits are cut by a field in BSON's
 * order of all values, whatever their types: an ordinary comparison of a query would only see values of
 * the bound's own type, and lose the others. By `_id` they are bounds of its index (`min`, `max`); by
 * another field a comparison in `$expr`, which has no such brackets, and for which a missing field
 * comes first. Each document is in exactly one range, as ranges meet at their bounds.
 *
 * Documents come in the order of the field, then of `_id`: so a cursor that died is taken up again
 * after the last document that arrived.
 */
import type { BSON } from 'mongodb'
import { boundValue } from './bson/bound.ts'

type Bson = typeof BSON
export type Query = Record<string, unknown>

/** Of an incremental field, epoch milliseconds. */
export interface TimeWindow {
  /** Null: from the beginning, and what has no such time too, so that it can be rejected. */
  readonly from: number | null
  readonly to: number
  /** Whether `to` itself is in it. */
  readonly inclusive: boolean
}

/** A split's part of the collection: plain data, without secrets. */
export interface Range {
  /** The path that it is cut by. */
  readonly key: string
  /** Bounds (`bound.ts`) [lower, upper); null: none. */
  readonly lower: string | null
  readonly upper: string | null
  /** Name of the index that has the key, where there is one. */
  readonly index: string | null
  readonly by: string | null
  readonly window: TimeWindow | null
  /** Documents a request should bring. */
  readonly batch: number
  /** Whether one server answers all requests (`replies.ts`). */
  readonly direct: boolean
  /** Whether texts are compared by their bytes. */
  readonly simple: boolean
  /** The snapshot's time, in hex; null: each request reads what there is. */
  readonly snapshot: string | null
}

/** Where a cursor was: bounds of the last document's key and `_id`. */
export interface Position {
  readonly key: string
  readonly id: string
}

export interface Asked {
  readonly collection: string
  /** What is read of each document; null: all of it. */
  readonly projection: Query | null
  readonly readConcern: string | null
  /** Documents that need not be read do not match it. */
  readonly keep: Query | null
}

/** The find command of what is left of a range. Of `_id`, the document of `after` itself comes again. */
export function findCommand(
  bson: Bson,
  range: Range,
  { asked, after }: { asked: Asked; after: Position | null },
): Query {
  const { key, index, batch } = range
  const byId = key === '_id'
  const bounds = byId ? idBounds(bson, range, after) : {}
  const filter = allOf(
    windowQuery(range),
    ...(byId ? [] : keyBounds(bson, range, after)),
    asked.keep,
  )
  return {
    find: asked.collection,
    ...(filter && { filter }),
    ...(asked.projection && { projection: asked.projection }),
    sort: byId ? { _id: 1 } : { [key]: 1, _id: 1 },
    ...(byId ? { hint: { _id: 1 } } : index === null ? {} : { hint: index }),
    ...bounds,
    batchSize: batch,
    ...concernOf(bson, range.snapshot, asked.readConcern),
  }
}

/** Null for everything. */
export function allOf(...queries: readonly (Query | null)[]): Query | null {
  const all = queries.filter(q => q !== null)
  return all.length > 1 ? { $and: all } : (all[0] ?? null)
}

export function concernOf(bson: Bson, snapshot: string | null, level: string | null): Query {
  if (snapshot !== null) {
    const atClusterTime = new bson.Timestamp(BigInt(`0x${snapshot}`))
    return { readConcern: { level: 'snapshot', atClusterTime } }
  }
  return level === null ? {} : { readConcern: { level } }
}

const idBounds = (bson: Bson, { lower, upper }: Range, after: Position | null): Query => {
  const from = after?.id ?? lower
  return {
    ...(from === null ? {} : { min: { _id: boundValue(bson, from) } }),
    ...(upper === null ? {} : { max: { _id: boundValue(bson, upper) } }),
  }
}

/** A bound in an expression: what looks like a field's name is a value. */
export const literal = (bson: Bson, bound: string): Query => ({ $literal: boundValue(bson, bound) })

function keyBounds(
  bson: Bson,
  { key, lower, upper }: Range,
  after: Position | null,
): (Query | null)[] {
  const field = `$${key}`
  const tests: Query[] = []
  if (upper !== null) tests.push({ $lt: [field, literal(bson, upper)] })
  if (after !== null) tests.push(later(bson, field, after))
  else if (lower !== null) tests.push({ $gte: [field, literal(bson, lower)] })
  return [tests.length === 0 ? null : { $expr: { $and: tests } }]
}

/** Sorting takes a missing field, null and undefined for equal; comparing does not. */
const NONE = ['missing', 'null', 'undefined']

function later(bson: Bson, field: string, { key, id }: Position): Query {
  const value = boundValue(bson, key)
  const none = value === null || value === undefined
  const same = none ? { $in: [{ $type: field }, NONE] } : { $eq: [field, literal(bson, key)] }
  return {
    $or: [
      { $gt: [field, none ? null : literal(bson, key)] },
      { $and: [same, { $gt: ['$_id', literal(bson, id)] }] },
    ],
  }
}

/** Of a first read what is too new is left out, and all else read, for it may have to be rejected. */
export function windowQuery({ by, window }: Pick<Range, 'by' | 'window'>): Query | null {
  if (by === null || window === null) return null
  const to = new Date(window.to)
  if (window.from !== null)
    return { [by]: { $gte: new Date(window.from), [window.inclusive ? '$lte' : '$lt']: to } }
  const tooNew = { [by]: { [window.inclusive ? '$gt' : '$gte']: to } }
  return { $or: [{ $nor: [tooNew] }, { [by]: { $type: 'array' } }] }
}
