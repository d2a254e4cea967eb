/** Side inputs: a whole collection as the value that lambdas see. Held in memory by each worker. */
import { eachRow, rowReader } from '../compile/rows.ts'
import { Fault } from '../fault.ts'
import type { Side } from '../plan/node.ts'
import type { Partition } from './operator.ts'

type AnyRow = Record<string, unknown>

/** Rows past which a view is refused: it would not fit a lambda's idea of memory. */
export const SIDE_ROWS_MAX = 5_000_000

export function viewOf(side: Side, rows: Partition, at: string): unknown {
  if (rows.rows > SIDE_ROWS_MAX)
    throw new Fault(
      'resource',
      `a side input has ${rows.rows} rows, at most ${SIDE_ROWS_MAX} fit`,
      {
        at,
        hint: 'join with the collection instead',
      },
    )
  const list: AnyRow[] = []
  const reader = rowReader(side.of.schema)
  for (const batch of rows.batches()) {
    const row = reader(batch)
    eachRow(batch, i => list.push(row(i)))
  }
  if (side.view === 'list') return list
  if (side.view === 'singleton') return singleton(list, side, at)
  const map = new Map<unknown, unknown>()
  for (const row of list) {
    const key = row[side.key as string]
    if (side.view === 'multimap') {
      const known = map.get(key) as AnyRow[] | undefined
      if (known) known.push(row)
      else map.set(key, [row])
    } else if (map.has(key))
      throw new Fault(
        'data',
        `side input "${side.of.name}" has two rows for ${JSON.stringify(key)}`,
        {
          at,
          hint: 'make the key unique with distinctBy, or use asMultimap',
        },
      )
    else map.set(key, row)
  }
  return map
}

function singleton(list: readonly AnyRow[], side: Side, at: string): AnyRow {
  const [only] = list
  if (list.length === 1 && only) return only
  throw new Fault('data', `asSingleton of "${side.of.name}" needs one row, got ${list.length}`, {
    at,
    hint: 'aggregate to one row first, or use asList',
  })
}
