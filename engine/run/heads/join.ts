/**
 * The joins: a table of the right side, probed by the left in its order; for one left row, matches
 * come in the right side's order. A null key matches nothing. A full join's right rows without match
 * come at the end.
 *
 * A right side that does not fit is split by key, with the left one. What cannot be split (one key)
 * is met part by part: the left rows are read once for each part of the right that fits.
 *
 * Account, with L and R rows in, P pairs, M left rows with a match, U right rows without: in = L + R;
 * created = P − M (a row's matches but the first); filtered = left rows that do not come out;
 * merged = R (R − U for full): right rows go into pairs; out is the rest.
 */
import type { Batch } from '../../data/batch.ts'
import type { AnySchema } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import type { Account, Emit, Head, Partition, TaskContext } from '../operator.ts'
import { inPieces } from '../slices.ts'
import { type Attempt, type Job, runJob } from './grace.ts'
import { type Earlier, JoinProbe } from './join-probe.ts'
import { type JoinShape, joinShape } from './join-shape.ts'
import { JoinTable } from './join-table.ts'

/** The table's share of the memory; the rest is for growth, outputs and maps. */
const TABLE_SHARE = 0.75
/** A smaller table is mostly first room, and each table costs a walk over the left rows. */
const TABLE_BYTES_MIN = 8 << 10

export function joinHead(node: Node<'join'>, left: AnySchema, right: AnySchema): Head {
  return {
    async run(inputs: readonly Partition[], emit: Emit, task: TaskContext): Promise<void> {
      await runJob(new JoinJob(node, [left, right], task), inputs, { emit, task })
    },
  }
}

export interface Met {
  readonly left: number
  readonly right: number
  pairs: number
  matchedRows: number
  unmatchedRight: number
}

/** Accounts for a join's rows; see above. */
export function accountJoin(account: Account, { id, op: { kind } }: Node<'join'>, m: Met): void {
  const rows = { inner: 0, left: m.left - m.matchedRows, full: m.left - m.matchedRows }
  const exists = kind === 'semi' || kind === 'anti'
  const out =
    kind === 'semi'
      ? m.matchedRows
      : kind === 'anti'
        ? m.left - m.matchedRows
        : m.pairs + rows[kind] + m.unmatchedRight
  const created = exists ? 0 : m.pairs - m.matchedRows
  const merged = m.right - m.unmatchedRight
  account.add(id, 'in', m.left + m.right)
  account.add(id, 'created', created)
  account.add(id, 'merged', merged)
  account.add(id, 'out', out)
  account.add(id, 'filtered', m.left + m.right + created - out - merged)
}

class JoinJob implements Job {
  readonly inputs: readonly AnySchema[]
  readonly keys: readonly (readonly string[])[]
  readonly output: AnySchema
  readonly followsBlocks = true
  readonly #node: Node<'join'>
  readonly #task: TaskContext

  constructor(node: Node<'join'>, inputs: readonly [AnySchema, AnySchema], task: TaskContext) {
    this.inputs = inputs
    this.keys = [node.op.leftKeys, node.op.rightKeys]
    this.output = node.schema
    this.#node = node
    this.#task = task
  }

  async attempt(
    inputs: readonly Partition[],
    { numbered, bounded, emit, nextRun }: Attempt,
  ): Promise<boolean> {
    const [left, right] = inputs as [Partition, Partition]
    const [leftSchema, rightSchema] = this.inputs as [AnySchema, AnySchema]
    const shape = joinShape(this.#node, { left: leftSchema, right: rightSchema, numbered })
    const met: Met = {
      left: left.rows,
      right: right.rows,
      pairs: 0,
      matchedRows: 0,
      unmatchedRight: 0,
    }
    const bytesMax = Math.max(TABLE_BYTES_MIN, this.#task.memoryBytes * TABLE_SHARE)
    const builder = new Builder(shape, right, bytesMax)
    try {
      let table = builder.next()
      if (bounded && !builder.last) return false
      const matched = builder.last ? null : new Uint8Array(left.rows)
      for (;;) {
        const { last } = builder
        await this.#probe({ shape, table, left, met }, matched && { matched, last }, emit)
        if (last) break
        nextRun()
        table = builder.next()
      }
    } finally {
      builder.close()
    }
    accountJoin(this.#task.account, this.#node, met)
    return true
  }

  async #probe(
    { shape, table, left, met }: { shape: JoinShape; table: JoinTable; left: Partition; met: Met },
    earlier: Earlier | null,
    emit: Emit,
  ): Promise<void> {
    const { rowsPerBatch } = this.#task
    const probe = new JoinProbe(shape, table, { rowsPerBatch, ...(earlier && { earlier }) })
    for (const batch of left.batches()) {
      const pending = probe.push(batch, emit)
      if (pending) await pending
    }
    met.pairs += probe.pairs
    met.matchedRows += probe.matchedRows
    if (shape.op.kind === 'full') met.unmatchedRight += await probe.unmatched(emit)
  }
}

/** Reads the right side into tables that fit, one after another; most often one. */
class Builder {
  /** No rows are left for another table. */
  last = false
  readonly #shape: JoinShape
  readonly #batches: Iterator<Batch>
  readonly #bytesMax: number
  #ahead: IteratorResult<Batch> | null = null

  constructor(shape: JoinShape, right: Partition, bytesMax: number) {
    this.#shape = shape
    // A block may be larger than the memory: the table grows by an eighth of what it may hold.
    const rowBytes = right.bytes / Math.max(1, right.rows)
    const rowsMax = Math.max(64, Math.floor(bytesMax / 8 / rowBytes))
    this.#batches = inPieces(right.batches(), rowsMax)[Symbol.iterator]()
    this.#bytesMax = bytesMax
  }

  next(): JoinTable {
    const table = new JoinTable(this.#shape)
    let at = this.#ahead ?? this.#batches.next()
    while (!at.done) {
      table.add(at.value)
      at = this.#batches.next()
      if (table.heldBytes > this.#bytesMax) break
    }
    this.#ahead = at
    this.last = at.done === true
    return table
  }

  close(): void {
    this.#batches.return?.()
  }
}
