/** flatMap: a function that answers any number of rows for one; a row whose function fails becomes none. */
import { type StageScope, rowJson, userFault } from '../../compile/kernel.ts'
import { eachRow, rowReader } from '../../compile/rows.ts'
import type { Batch } from '../../data/batch.ts'
import type { Node } from '../../plan/node.ts'
import type { Emit, Operator } from '../operator.ts'
import { RowOutput } from './row-output.ts'

export function flatMapOperator(node: Node<'flatMap'>, emit: Emit, scope: StageScope): Operator {
  const { fn, onError } = node.op
  const rows = rowReader((node.inputs[0] as Node).schema)
  const held = onError === 'deadLetter'
  const sides = scope.sidesOf(node)
  let output: RowOutput | null = null

  const results = (row: object): Iterable<unknown> => {
    const answer = fn(row as never, sides)
    if (
      typeof (answer as Iterable<unknown> | null)?.[Symbol.iterator] !== 'function' ||
      typeof answer === 'string'
    )
      throw new TypeError('expected an iterable of rows')
    return answer as Iterable<unknown>
  }

  const push = async (batch: Batch): Promise<void> => {
    const { task } = scope
    output ??= new RowOutput(node.schema, task.rowsPerBatch)
    const read = rows(batch)
    const indices: number[] = []
    eachRow(batch, i => indices.push(i))
    const count = { in: indices.length, rejected: 0, filtered: 0, out: 0 }
    for (const i of indices) {
      const row = read(i)
      const before = output.count
      output.begin()
      try {
        for (const one of results(row)) {
          output.append(one)
          // Where a failure ends the run, the rows of one need not be held together.
          if (!held && output.due) await output.hand(emit, false)
        }
        if (output.count === before) count.filtered++
      } catch (error) {
        output.undo()
        if (onError !== 'deadLetter') throw userFault(node, error, rowJson(row), batch.origin, i)
        count.rejected++
        task.reject(node.id, rejectOf(error, row, batch, i))
      }
      count.out += output.count - before
      if (output.due) await output.hand(emit, false)
    }
    const { account } = task
    account.add(node.id, 'in', count.in)
    account.add(node.id, 'rejected', count.rejected)
    account.add(node.id, 'filtered', count.filtered)
    account.add(node.id, 'out', count.out)
    account.add(node.id, 'created', count.out + count.rejected + count.filtered - count.in)
  }

  return { push, finish: () => output?.hand(emit, true) }
}

/** A refused row, as the step's dead letter holds it. */
export function rejectOf(error: unknown, row: unknown, batch: Batch, i: number) {
  return {
    reason: error instanceof Error ? error.message : String(error),
    column: null,
    uri: batch.origin?.uri ?? null,
    line: null,
    offset: batch.origin?.offsets?.[i] ?? null,
    raw: rowJson(row),
  }
}
