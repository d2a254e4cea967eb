/** An aggregate's own `where`: narrows a batch's selection for that aggregate alone, by a kernel of one step. */
import { Kernel, type StageScope } from '../../compile/kernel.ts'
import type { Batch } from '../../data/batch.ts'
import type { AnySchema } from '../../data/schema.ts'
import type { Node, Operations } from '../../plan/node.ts'

/** The rows of a batch that count; null where none do. */
export type Narrow = (batch: Batch) => Batch | null

export function narrowOf(
  node: Node<'aggregate'>,
  index: number,
  input: AnySchema,
  scope: StageScope,
): Narrow {
  const { where } = (node.op.aggregates[index] as Operations['aggregate']['aggregates'][number])
    .aggregate
  if (where.length === 0) return batch => batch
  let result: Batch | null = null
  const test: Node<'where'> = {
    ...node,
    type: 'where',
    op: { tests: where, reason: '' },
    schema: input,
  }
  const silent = { add() {}, drop() {}, count() {} }
  const kernel = new Kernel(
    [test as Node],
    input,
    narrowed => {
      result = narrowed
    },
    {
      get task() {
        return { ...scope.task, account: silent }
      },
      sidesOf: () => undefined,
    },
  )
  return batch => {
    result = null
    kernel.push(batch)
    return result
  }
}
