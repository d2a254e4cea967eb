/**
 * mapAsync: a function that answers a promise of a row. At most `concurrency` calls are under way; the
 * rows come out in their order. A batch is awaited as a whole, which is what holds the source back.
 */
import { type StageScope, rowJson, userFault } from '../../compile/kernel.ts'
import { eachRow, RowBuilder, rowReader } from '../../compile/rows.ts'
import type { Batch } from '../../data/batch.ts'
import type { Node } from '../../plan/node.ts'
import type { Emit, Operator } from '../operator.ts'
import { rejectOf } from './flat-map.ts'

export function asyncMapOperator(node: Node<'mapAsync'>, emit: Emit, scope: StageScope): Operator {
  const { fn, concurrency, onError } = node.op
  const rows = rowReader((node.inputs[0] as Node).schema)
  let builder: RowBuilder | null = null

  const answers = async (inputs: readonly object[]): Promise<PromiseSettledResult<unknown>[]> => {
    const settled = new Array<PromiseSettledResult<unknown>>(inputs.length)
    let next = 0
    let failed = false
    const lane = async () => {
      while (next < inputs.length && !failed) {
        const k = next++
        try {
          settled[k] = { status: 'fulfilled', value: await fn(inputs[k] as never) }
        } catch (reason) {
          settled[k] = { status: 'rejected', reason }
          failed = onError !== 'deadLetter'
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, inputs.length) }, lane))
    return settled
  }

  const push = async (batch: Batch): Promise<void> => {
    const { task } = scope
    builder ??= new RowBuilder(node.schema, task.rowsPerBatch)
    const read = rows(batch)
    const indices: number[] = []
    eachRow(batch, i => indices.push(i))
    const inputs = indices.map(read)
    const settled = await answers(inputs)
    let rejected = 0
    for (const [k, i] of indices.entries()) {
      const result = settled[k]
      if (result === undefined) continue
      try {
        if (result.status === 'rejected') throw result.reason
        if (builder.full) await flush()
        builder.append(result.value)
      } catch (error) {
        if (onError !== 'deadLetter')
          throw userFault(node, error, rowJson(inputs[k]), batch.origin, i)
        rejected++
        task.reject(node.id, rejectOf(error, inputs[k], batch, i))
      }
    }
    task.account.add(node.id, 'in', indices.length)
    task.account.add(node.id, 'rejected', rejected)
    task.account.add(node.id, 'out', indices.length - rejected)
  }

  const flush = async (): Promise<void> => {
    if (builder === null || builder.rows === 0) return
    await emit(builder.take())
    builder.trim()
  }

  return { push, finish: flush }
}
