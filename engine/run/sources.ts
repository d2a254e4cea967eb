/** The heads that are sources: a split of a reader, or rows given in the pipeline itself. */
import { RowBuilder } from '../compile/rows.ts'
import type { Batch } from '../data/batch.ts'
import { is, type Node, type Skip } from '../plan/node.ts'
import type { LeaveOut } from '../io/condition.ts'
import type { AnySource, SkippedRows, Split } from '../io/source.ts'
import type { Account, Emit } from './operator.ts'
import type { Task } from './task.ts'

/** Reads the task's split. `wanted`: columns to decode, which grows as rows turn out to be read. */
export async function readSplit(
  node: Node,
  task: Task,
  { source, emit, wanted }: { source: AnySource; emit: Emit; wanted: boolean[] },
): Promise<void> {
  const { limit } = task.spec
  let rejected = 0
  let rows = 0
  const leaveOut = limit === null ? leaveOutOf(node, task) : null
  const reader = await source.open(task.spec.split as Split, {
    wanted,
    rowsPerBatch: task.rowsPerBatch,
    memoryBytes: task.memoryBytes,
    reject: reject => {
      rejected++
      task.reject(node.id, reject)
    },
    advance: bytes => task.progress.bytes(task.spec.stage, bytes),
    ...(leaveOut && { leaveOut }),
  })
  try {
    for (;;) {
      const next = reader.next()
      const batch = next instanceof Promise ? await next : next
      if (batch === null) break
      const left = limit === null ? batch.selected : Math.min(batch.selected, limit - rows)
      const given =
        left < batch.selected
          ? { ...batch, selected: left, rows: batch.selection ? batch.rows : left }
          : batch
      given.widen = column => {
        wanted[column] = true
        const wider = reader.widen(wanted)
        wider.columns.forEach((c, i) => {
          if (c) given.columns[i] = c
        })
      }
      rows += given.selected
      const pending = emit(given)
      if (pending) await pending
      if (limit !== null && rows >= limit) break
    }
    task.end = reader.end()
  } finally {
    await reader.close()
  }
  task.account.add(node.id, 'in', rows + rejected)
  task.account.add(node.id, 'out', rows)
  task.account.add(node.id, 'rejected', rejected)
}

function leaveOutOf(node: Node, { account }: Task): LeaveOut | null {
  if (!is(node, 'read') || node.op.skips === undefined) return null
  return {
    conditions: node.op.skips.map(s => s.tests),
    skipped: (rows, by) => accountSkipped(node, { rows, by }, account),
  }
}

/** Rows that are not read are accounted for as if they had been: by the step that drops them. */
export function accountSkipped(
  { id: read, op }: Node<'read'>,
  { rows, by }: SkippedRows,
  account: Account,
): void {
  const skips = op.skips as readonly Skip[]
  const { step, through, reason } = skips[by] as Skip
  for (const id of [read, ...through]) {
    account.add(id, 'in', rows)
    account.add(id, 'out', rows)
  }
  account.add(read, 'skipped', rows)
  account.add(step, 'in', rows)
  account.add(step, 'filtered', rows)
  account.drop(step, reason, rows)
}

/** The rows of `p.create`. */
export async function createRows(node: Node<'create'>, task: Task, emit: Emit): Promise<void> {
  const builder = new RowBuilder(node.schema, task.rowsPerBatch)
  const hand = async (): Promise<void> => {
    const batch: Batch = builder.take()
    task.account.add(node.id, 'in', batch.rows)
    task.account.add(node.id, 'out', batch.rows)
    await emit(batch)
    builder.trim()
  }
  for (const row of node.op.rows) {
    if (builder.full) await hand()
    builder.append(row)
  }
  if (builder.rows > 0) await hand()
}
