/** flatMap: a function that answers any number of rows for one. */
import { type StageScope, rowJson, userFault } from '../../compile/kernel.ts'
import { eachRow, RowBuilder, rowReader } from '../../compile/rows.ts'
import type { Batch } from '../../data/batch.ts'
import type { Node } from '../../plan/node.ts'
import type { Awaitable, Emit, Operator } from '../operator.ts'

export function flatMapOperator(node: Node<'flatMap'>, emit: Emit, scope: StageScope): Operator {
  const { fn, onError } = node.op
  const rows = rowReader((node.inputs[0] as Node).schema)
  const sides = scope.sidesOf(node)
  let builder: RowBuilder | null = null

  /** The rows that one row becomes, all of them or, where the function fails, none. */
  const results = (row: object): unknown[] => {
    const answer = fn(row as never, sides)
    if (
      typeof (answer as Iterable<unknown> | null)?.[Symbol.iterator] !== 'function' ||
      typeof answer === 'string'
    )
      throw new TypeError('expected an iterable of rows')
    return [...(answer as Iterable<unknown>)]
  }

  const push = async (batch: Batch): Promise<void> => {
    const { task } = scope
    builder ??= new RowBuilder(node.schema, task.rowsPerBatch)
    const read = rows(batch)
    const indices: number[] = []
    eachRow(batch, i => indices.push(i))
    const count = { in: indices.length, rejected: 0, filtered: 0, out: 0 }
    for (const i of indices) {
      const row = read(i)
      try {
        const made = results(row)
        if (made.length === 0) count.filtered++
        for (const one of made) {
          if (builder.full) await flush()
          builder.append(one)
        }
        count.out += made.length
      } catch (error) {
        if (onError !== 'deadLetter') throw userFault(node, error, rowJson(row), batch.origin, i)
        count.rejected++
        task.reject(node.id, rejectOf(error, row, batch, i))
      }
    }
    const { account } = task
    account.add(node.id, 'in', count.in)
    account.add(node.id, 'rejected', count.rejected)
    account.add(node.id, 'filtered', count.filtered)
    account.add(node.id, 'out', count.out)
    account.add(node.id, 'created', count.out + count.rejected + count.filtered - count.in)
  }

  const flush = async (): Promise<void> => {
    if (builder === null || builder.rows === 0) return
    await emit(builder.take())
    builder.trim()
  }

  return { push, finish: (): Awaitable => flush() }
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
