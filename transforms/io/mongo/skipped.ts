/** Counts the documents that a range's find left out on the server, by the condition that each fails first. */
import type { SkippedRows } from '../../../engine/io/source.ts'
import type { Pushed } from './pushed.ts'
import { allOf, concernOf, literal, type Query, type Range, windowQuery } from './range.ts'
import type { PagesOf } from './pages.ts'
import { retried } from './retry.ts'

export async function skippedRows(o: PagesOf, { left, by }: Pushed): Promise<SkippedRows[]> {
  const { lease, address, settings, range } = o
  const db = lease.client.db(address.database)
  const { BSON } = lease.driver
  const match = allOf(windowQuery(range), within(BSON, range), left) as Query
  const command = {
    aggregate: address.collection,
    pipeline: [{ $match: match }, { $group: { _id: by, rows: { $sum: 1 } } }],
    cursor: {},
    ...concernOf(BSON, range.snapshot, settings.readConcern),
  }
  const reply = await retried(
    () => db.command(command, { readPreference: db.readPreference ?? 'primary' }),
    { address, doing: 'counted', deadlineMs: settings.deadlineMs, started: true },
  )
  const groups = reply['cursor'].firstBatch as { _id: number; rows: number }[]
  return groups.map(({ _id, rows }) => ({ by: Number(_id), rows: Number(rows) }))
}

/** The range as an expression: an aggregation has no `min` and `max`. */
function within(
  bson: PagesOf['lease']['driver']['BSON'],
  { key, lower, upper }: Range,
): Query | null {
  const tests = [
    ...(lower === null ? [] : [{ $gte: [`$${key}`, literal(bson, lower)] }]),
    ...(upper === null ? [] : [{ $lt: [`$${key}`, literal(bson, upper)] }]),
  ]
  return tests.length === 0 ? null : { $expr: { $and: tests } }
}
