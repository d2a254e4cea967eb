/**
 * Rejected rows on their way to whoever reads them. All steps of a run share one stream: REJECTED
 * with the step's number and the place of the task before it. A reader of a split knows lines from
 * the split's start only; once the whole source is read the lines before each split are known, and
 * the stage that reads the rejects adds them.
 */
import { RowBuilder } from '../compile/rows.ts'
import { columnOf, type Batch } from '../data/batch.ts'
import type { Column } from '../data/column.ts'
import { type AnySchema, schemaOf, t } from '../data/schema.ts'
import type { Reject } from '../io/source.ts'
import type { Node, Plan } from '../plan/node.ts'
import { REJECTED } from '../plan/rejected.ts'
import type { Emit, Head, Partition, TaskContext } from './operator.ts'
import type { LineBase, RejectSample } from './protocol.ts'

export const REJECT_STREAM: AnySchema = schemaOf([
  { name: 'node', kind: t.int32 },
  { name: 'stage', kind: t.int32 },
  { name: 'task', kind: t.int32 },
  ...(REJECTED as AnySchema).list,
])
const EXTRA = 3
const LINE = EXTRA + (REJECTED as AnySchema).list.findIndex(f => f.name === 'line')
const SAMPLES_A_NODE = 3
const RAW_MAX = 4096

/** Collects the rejects of one task. */
export class RejectCollector {
  readonly samples: RejectSample[] = []
  readonly #plan: Plan
  readonly #place: { stage: number; task: number }
  readonly #push: (batch: Batch) => void
  readonly #builder = new RowBuilder(REJECT_STREAM, 1024)

  constructor(plan: Plan, place: { stage: number; task: number }, push: (batch: Batch) => void) {
    this.#plan = plan
    this.#place = place
    this.#push = push
  }

  add(node: number, reject: Reject): void {
    const step = this.#plan.nodes[node]?.name ?? ''
    const { reason, column, uri: source, line, offset } = reject
    const raw = reject.raw.length > RAW_MAX ? `${reject.raw.slice(0, RAW_MAX)}…` : reject.raw
    if (this.samples.filter(s => s.node === node).length < SAMPLES_A_NODE)
      this.samples.push({ node, reason, column, source, line, offset, raw })
    if (this.#builder.full) this.flush()
    this.#builder.append({ node, ...this.#place, step, reason, column, source, line, offset, raw })
  }

  flush(): void {
    if (this.#builder.rows === 0) return
    this.#push(this.#builder.take())
    this.#builder.trim()
  }
}

/** The head of a stage that reads rejects: those of one step, or of all. */
export class RejectsHead implements Head {
  readonly #node: Node
  readonly #of: number | null
  readonly #before: Map<string, number>

  constructor(node: Node<'rejects'>, lines: readonly LineBase[]) {
    this.#node = node
    this.#of = node.inputs[0]?.id ?? null
    this.#before = new Map(lines.map(l => [`${l.stage} ${l.task}`, l.before]))
  }

  async run([rejects]: readonly Partition[], emit: Emit, task: TaskContext): Promise<void> {
    for (const batch of rejects?.batches() ?? []) {
      const nodes = columnOf(batch, 0).values as Int32Array
      const selection = new Int32Array(batch.rows)
      let selected = 0
      for (let i = 0; i < batch.rows; i++)
        if (this.#of === null || nodes[i] === this.#of) selection[selected++] = i
      if (selected === 0) continue
      task.account.add(this.#node.id, 'in', selected)
      task.account.add(this.#node.id, 'out', selected)
      const columns = batch.columns.slice(EXTRA)
      columns[LINE - EXTRA] = this.#lines(batch)
      await emit({ ...batch, schema: this.#node.schema, columns, selection, selected })
    }
  }

  #lines(batch: Batch): Column {
    const line = columnOf(batch, LINE)
    const stages = columnOf(batch, 1).values as Int32Array
    const tasks = columnOf(batch, 2).values as Int32Array
    const values = new Float64Array(batch.rows)
    for (let i = 0; i < batch.rows; i++) {
      const before = this.#before.get(`${stages[i]} ${tasks[i]}`) ?? 0
      values[i] = (line.values[i] as number) + before
    }
    return { ...line, values }
  }
}
