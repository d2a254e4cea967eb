/** partition: each row goes to the output that the function names; columns are shared, not copied. */
import { type StageScope, rowJson, userFault } from '../../compile/kernel.ts'
import { eachRow, rowReader } from '../../compile/rows.ts'
import type { Batch } from '../../data/batch.ts'
import type { Node } from '../../plan/node.ts'
import type { Emit, Operator } from '../operator.ts'

export function partitionOperator(
  node: Node<'partition'>,
  emits: ReadonlyMap<string, Emit>,
  scope: StageScope,
): Operator {
  const { names, fn } = node.op
  const rows = rowReader((node.inputs[0] as Node).schema)
  const indexOf = new Map(names.map((name, i) => [name, i]))
  const counts = names.map(() => 0)
  let selections = names.map(() => new Int32Array(0))

  const push = async (batch: Batch): Promise<void> => {
    if ((selections[0]?.length ?? 0) < batch.rows)
      selections = names.map(() => new Int32Array(batch.rows))
    counts.fill(0)
    const read = rows(batch)
    eachRow(batch, i => {
      const row = read(i)
      try {
        const name = fn(row)
        const output = indexOf.get(name as string)
        if (output === undefined)
          throw new TypeError(`expected one of ${names.join(', ')}, got ${JSON.stringify(name)}`)
        const into = selections[output] as Int32Array
        into[counts[output] as number] = i
        counts[output] = (counts[output] as number) + 1
      } catch (error) {
        throw userFault(node, error, rowJson(row), batch.origin, i)
      }
    })
    scope.task.account.add(node.id, 'in', batch.selected)
    scope.task.account.add(node.id, 'out', batch.selected)
    for (const [output, name] of names.entries()) {
      const emit = emits.get(name)
      const selected = counts[output] as number
      if (emit && selected > 0)
        await emit({ ...batch, selection: selections[output] as Int32Array, selected })
    }
  }
  return { push, finish() {} }
}
