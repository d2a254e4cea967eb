/**
 * A join in the middle of a stage: the right side is small and whole in every task, so the left one
 * crosses no exchange. inner, left, semi and anti; a full join would give its right rows once a task.
 *
 * Account: as `join.ts`, but for the right rows, which each task reads: they are in no term.
 */
import type { AnySchema } from '../../data/schema.ts'
import { Fault } from '../../fault.ts'
import type { Node } from '../../plan/node.ts'
import type { Awaitable, Emit, Operator, Partition, TaskContext } from '../operator.ts'
import { accountJoin } from './join.ts'
import { JoinProbe } from './join-probe.ts'
import { joinShape } from './join-shape.ts'
import { JoinTable } from './join-table.ts'

/** A small right side may take this much, whatever the task's memory. */
const BYTES_ALWAYS = 64 << 20

/** Reads the right side at once; the operator may serve several tasks. Throws resource: it is too large. */
export function broadcastJoin(
  node: Node<'join'>,
  left: AnySchema,
  right: Partition,
  emit: Emit,
  task: () => TaskContext,
): Operator {
  if (node.op.kind === 'full')
    throw new Fault('engine', 'a full join cannot be broadcast', { at: node.at })
  const rightSchema = (node.inputs[1] as Node).schema
  const shape = joinShape(node, { left, right: rightSchema, numbered: false })
  const bytesMax = Math.max(task().memoryBytes, BYTES_ALWAYS)
  const table = new JoinTable(shape)
  for (const batch of right.batches()) {
    table.add(batch)
    if (table.heldBytes > bytesMax)
      throw new Fault(
        'resource',
        `the right side of ${node.name} takes more than ${bytesMax >> 20} MB`,
        {
          at: node.at,
          hint: "give the join hint: 'partition', or the run more memory",
        },
      )
  }
  const probe = new JoinProbe(shape, table, { rowsPerBatch: task().rowsPerBatch })
  return {
    push(batch): Awaitable {
      probe.pairs = 0
      probe.matchedRows = 0
      const pending = probe.push(batch, emit)
      const { pairs, matchedRows } = probe
      const met = { left: batch.selected, right: 0, pairs, matchedRows, unmatchedRight: 0 }
      accountJoin(task().account, node, met)
      return pending
    },
    finish() {},
  }
}
