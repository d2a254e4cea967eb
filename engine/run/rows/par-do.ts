/**
 * parDo: Beam's DoFn. `setup` once a worker and stage, `startBundle` and `finishBundle` around each
 * task's rows (a bundle is a task), `process` for each row, outputs by tag. Rows are plain objects
 * that may be kept. A row that is refused gives nothing to any output, also where it had emitted before.
 * `c.random` is seeded by the task, so that a retry draws the same numbers.
 */
import { type StageScope, rowJson, userFault } from '../../compile/kernel.ts'
import { eachRow, rowReader } from '../../compile/rows.ts'
import type { Batch } from '../../data/batch.ts'
import type { Node } from '../../plan/node.ts'
import type { Emit, Operator } from '../operator.ts'
import { rejectOf } from './flat-map.ts'
import { RowOutput } from './row-output.ts'

interface Output {
  readonly rows: RowOutput
  readonly emit: Emit | undefined
}

class Refused extends Error {}

/** A small seeded generator (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296
  }
}

export function parDoOperator(
  node: Node<'parDo'>,
  emits: ReadonlyMap<string, Emit>,
  scope: StageScope,
): Operator {
  const { op } = node
  const rows = rowReader((node.inputs[0] as Node).schema)
  const { rowsPerBatch } = scope.task
  const outputs = new Map<string, Output>(
    op.tags.map(({ tag, schema }) => [
      tag,
      { rows: new RowOutput(schema, rowsPerBatch), emit: emits.get(tag) },
    ]),
  )
  const all = [...outputs.values()]
  let context: Record<string, unknown> | null = null
  let ready: Promise<void> | null = null
  const emitted = () => all.reduce((sum, output) => sum + output.rows.count, 0)

  const start = async (): Promise<void> => {
    const resource = op.setup ? await op.setup() : undefined
    const emitters = Object.fromEntries(
      [...outputs].map(([tag, output]) => [tag, (row: unknown) => output.rows.append(row)]),
    )
    const [single] = all
    context = {
      emit: op.single ? (row: unknown) => single?.rows.append(row) : emitters,
      side: scope.sidesOf(node) ?? {},
      resource,
      random: seeded(node.id),
      reject: (reason: string) => {
        throw new Refused(reason)
      },
      count: (name: string, by = 1) => scope.task.account.count(node.id, name, by),
      timestamp: scope.task.startedAt,
      window: { start: -Infinity, end: Infinity },
      pane: { index: 0, timing: 'onTime' },
    }
  }

  let begun = false
  const begin = async (): Promise<void> => {
    ready ??= start()
    await ready
    if (begun) return
    begun = true
    ;(context as Record<string, unknown>)['random'] = seeded(node.id)
    op.startBundle?.(context)
  }

  const push = async (batch: Batch): Promise<void> => {
    await begin()
    const read = rows(batch)
    const indices: number[] = []
    eachRow(batch, i => indices.push(i))
    let rejected = 0
    const before = emitted()
    for (const i of indices) {
      const row = read(i)
      for (const output of all) output.rows.begin()
      try {
        const pending = op.process(row, context)
        if (pending instanceof Promise) await pending
      } catch (error) {
        if (!(error instanceof Refused) && op.onError !== 'deadLetter')
          throw userFault(node, error, rowJson(row), batch.origin, i)
        for (const output of all) output.rows.undo()
        rejected++
        scope.task.reject(node.id, rejectOf(error, row, batch, i))
      }
      for (const output of all) if (output.rows.due) await output.rows.hand(output.emit, false)
    }
    book(indices.length, emitted() - before, rejected)
  }

  /** A row may become none or many: what is not one for one is filtered or created. */
  const book = (taken: number, given: number, rejected: number): void => {
    const { account } = scope.task
    account.add(node.id, 'in', taken)
    account.add(node.id, 'rejected', rejected)
    account.add(node.id, 'out', given)
    const extra = given + rejected - taken
    account.add(node.id, extra > 0 ? 'created' : 'filtered', Math.abs(extra))
  }

  const finish = async (): Promise<void> => {
    if (begun) {
      begun = false
      const before = emitted()
      await op.finishBundle?.(context)
      book(0, emitted() - before, 0)
    }
    for (const output of all) await output.rows.hand(output.emit, true)
  }

  const close = async (): Promise<void> => {
    if (ready === null) return
    await ready
    await op.teardown?.((context as Record<string, unknown>)['resource'])
    ready = null
  }

  return { push, finish, close }
}
