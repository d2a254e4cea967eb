/**
 * By which columns the rows of distinct and distinctBy are split over partitions. Equal rows meet
 * whichever of their columns decide, so one column will do; and where an aggregate beyond counts the
 * distinct values of a column, or groups by it, rows that share a value had better come together: split
 * by all columns, the 20 lines of an invoice lie in 14 of 16 partitions, each of which counts it.
 *
 * One column alone may have few values, or one that most rows have, and partitions would be uneven. So
 * the first rows of two of a source's splits are read: a column is taken only where none of its values
 * is frequent there. That depends on the plan and the input alone, and so do the outputs.
 */
import type { Exchange, Stage, Stages } from '../compile/stages.ts'
import { Fault } from '../fault.ts'
import type { Split } from '../io/source.ts'
import { is, type Node } from '../plan/node.ts'
import { keyHasher } from './exchange/hash.ts'

/** Columns by exchange id; exchanges that are not named are split by all their keys. */
export type SplitKeys = ReadonlyMap<number, readonly string[]>

const ROWS_SAMPLED = 4096
const ROWS_MIN = 1024
/** Of a sample's rows, for the most frequent value. */
const SHARE_MAX = 1 / 32

export interface SplitKeyInputs {
  /** By stage id, for stages that read a source. */
  readonly splits: ReadonlyMap<number, readonly Split[]>
  /** By exchange id. */
  readonly partitions: ReadonlyMap<number, number>
}

/** Throws what reading a source throws. */
export async function splitKeysOf(
  { stages, exchanges }: Stages,
  { splits, partitions }: SplitKeyInputs,
): Promise<SplitKeys> {
  const chosen = new Map<number, readonly string[]>()
  for (const exchange of exchanges) {
    if ((partitions.get(exchange.id) ?? 1) === 1) continue
    const feeders = stages.filter(s => s.terminals.some(t => t.exchanges.includes(exchange)))
    for (const column of worthwhile(exchange, stages)) {
      if (!feeders.every(f => isRead(f, column, exchange))) continue
      if (!(await isSpread(feeders, column, splits))) continue
      chosen.set(exchange.id, [column])
      break
    }
  }
  return chosen
}

/** Keys by which an aggregate beyond would rather have its rows: what it counts, then its groups. */
function worthwhile({ to, keys, purpose }: Exchange, stages: readonly Stage[]): string[] {
  const distinct = is(to, 'distinct') || is(to, 'distinctBy')
  if (!distinct || purpose !== 'head' || keys.length < 2) return []
  const next = stages.find(s => s.head === to)?.terminals ?? []
  const aggregates = next.map(t => t.node).filter(n => is(n, 'aggregate'))
  const counted = aggregates.flatMap(({ op }) =>
    op.aggregates.flatMap(({ aggregate }) =>
      aggregate.name === 'countDistinct' && aggregate.column !== null ? [aggregate.column] : [],
    ),
  )
  const grouped = aggregates.flatMap(({ op }) => op.keys)
  return [...new Set([...counted, ...grouped])].filter(name => keys.includes(name))
}

/** Whether the exchange's column is, by name and kind, one of the source that the stage reads. */
function isRead({ head }: Stage, column: string, { schema }: Exchange): boolean {
  const kindOf = (list: Node['schema']['list']) => list.find(f => f.name === column)?.kind.tag
  return is(head, 'read') && kindOf(head.schema.list) === kindOf(schema.list)
}

async function isSpread(
  feeders: readonly Stage[],
  column: string,
  splits: SplitKeyInputs['splits'],
): Promise<boolean> {
  for (const { id, head } of feeders) {
    const all = splits.get(id) ?? []
    for (const split of new Set([all[0], all[all.length >> 1]]))
      if (split && (await topShare(head as Node<'read'>, split, column)) > SHARE_MAX) return false
  }
  return true
}

/** The share of the most frequent value among a split's first rows; 1 where they are few. */
async function topShare({ op, schema, at }: Node<'read'>, split: Split, column: string) {
  const wanted = schema.list.map(f => f.name === column)
  const request = { wanted, rowsPerBatch: ROWS_SAMPLED, reject() {}, advance() {} }
  try {
    const reader = await op.source.open(split, request)
    try {
      const batch = await reader.next()
      if (batch === null || batch.selected < ROWS_MIN) return 1
      const hashes = new Int32Array(batch.selected)
      keyHasher(schema, [column])(batch, hashes)
      return mostOf(hashes) / batch.selected
    } finally {
      await reader.close()
    }
  } catch (error) {
    if (error instanceof Fault) error.at ??= at
    throw error
  }
}

/** How often the most frequent word comes. */
function mostOf(words: Int32Array): number {
  const counts = new Map<number, number>()
  let most = 0
  for (const word of words) {
    const count = (counts.get(word) ?? 0) + 1
    counts.set(word, count)
    if (count > most) most = count
  }
  return most
}
