/**
 * Functions over whole groups (groupFlatMap, coGroup). One pass numbers the keys by first appearance
 * over the inputs in order, and gives the rows to a sort by that number, and by the order asked for;
 * groups are then read off the sorted streams side by side. So groups come in the order in which
 * their keys first came, a group need not fit in memory, and only the keys must: where they do not,
 * the partition is split.
 *
 * Account: in + created = out + merged; merged: all rows that came in; created: all that came out.
 */
import { rowJson, userFault } from '../../compile/kernel.ts'
import { RowBuilder } from '../../compile/rows.ts'
import { dense } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { type AnySchema, t } from '../../data/schema.ts'
import { Fault } from '../../fault.ts'
import type { Node, Order, Row } from '../../plan/node.ts'
import type { Emit, Head, Partition, TaskContext } from '../operator.ts'
import { type Attempt, type Job, runJob, withOrdinal } from './grace.ts'
import { GroupKeys, Numberer } from './group-keys.ts'
import { GroupCursor, GroupRows } from './group-rows.ts'
import { Sorter } from './sort.ts'

export interface GroupSpec {
  readonly node: Node
  readonly keys: readonly string[]
  readonly sort: Order | null
  /** By input: what its rows are called where a group of them is too large. */
  readonly names: readonly string[]
  call(key: Row, rows: readonly GroupRows[]): unknown
}

export function groupHead(spec: GroupSpec, inputs: readonly AnySchema[]): Head {
  return {
    async run(partitions: readonly Partition[], emit: Emit, task: TaskContext): Promise<void> {
      await runJob(new GroupJob(spec, inputs, task), partitions, { emit, task })
    },
  }
}

/** Of the task's memory: for the keys, for the sorts, for rows that the function may walk again. */
const SHARES = { keys: 0.25, sorts: 0.5, rows: 0.25 }

class GroupJob implements Job {
  readonly inputs: readonly AnySchema[]
  readonly keys: readonly (readonly string[])[]
  readonly output: AnySchema
  readonly #spec: GroupSpec
  readonly #task: TaskContext

  constructor(spec: GroupSpec, inputs: readonly AnySchema[], task: TaskContext) {
    this.inputs = inputs
    this.keys = inputs.map(() => spec.keys)
    this.output = spec.node.schema
    this.#spec = spec
    this.#task = task
  }

  async attempt(inputs: readonly Partition[], a: Attempt): Promise<boolean> {
    const { memoryBytes, account } = this.#task
    const keys = new GroupKeys(this.#spec.keys, this.inputs, a.numbered)
    const sorters: Sorter[] = []
    for (const [i, input] of inputs.entries()) {
      const numberer = new Numberer(keys, this.inputs[i] as AnySchema, this.#spec.sort)
      const { schema, sort } = numberer
      const bytes = (memoryBytes * SHARES.sorts) / inputs.length
      const sorter = new Sorter({ schema, sort, memoryBytes: bytes }, this.#task)
      for (const batch of input.batches()) {
        sorter.add(numberer.number(batch))
        if (a.bounded && keys.heldBytes > memoryBytes * SHARES.keys) return false
      }
      sorters.push(sorter)
    }
    const bytes = (memoryBytes * SHARES.rows) / inputs.length
    const cursors = sorters.map(
      (sorter, i) => new GroupCursor(this.inputs[i] as AnySchema, sorter.sorted(), bytes),
    )
    const { id } = this.#spec.node
    try {
      const out = await this.#call(keys, cursors, a)
      const rows = inputs.reduce((sum, p) => sum + p.rows, 0)
      account.add(id, 'in', rows)
      account.add(id, 'merged', rows)
      account.add(id, 'created', out)
      account.add(id, 'out', out)
    } finally {
      for (const cursor of cursors) cursor.close()
    }
    return true
  }

  /** Calls the function for each group; answers how many rows it gave. */
  async #call(keys: GroupKeys, cursors: readonly GroupCursor[], a: Attempt): Promise<number> {
    const { names } = this.#spec
    const out = new Output(this.#spec.node, this.#task.rowsPerBatch, a)
    for (let group = 0; group < keys.count; group++) {
      const key = keys.row(group)
      const rows = cursors.map(
        (cursor, i) => new GroupRows(cursor, group, () => `${names[i]} of ${rowJson(key)}`),
      )
      const made = new Answers(this.#spec, key, rows)
      for (let row = made.next(); row !== END; row = made.next()) {
        if (out.full) await out.flush()
        made.use(() => out.append(row, a.numbered ? keys.ordinal(group) : 0))
      }
      for (const of of rows) of.end()
    }
    await out.flush()
    return out.count
  }
}

const END = Symbol('end')

/** What the function answers for a group, row by row; what it throws becomes a fault. */
class Answers {
  readonly #spec: GroupSpec
  readonly #key: Row
  readonly #rows: Iterator<unknown>
  #row: unknown

  constructor(spec: GroupSpec, key: Row, rows: readonly GroupRows[]) {
    this.#spec = spec
    this.#key = key
    this.#rows = this.use(() => iterator(spec.call(key, rows)))
  }

  next(): unknown {
    this.#row = undefined
    const { done, value } = this.use(() => this.#rows.next())
    this.#row = value
    return done ? END : value
  }

  use<T>(step: () => T): T {
    try {
      return step()
    } catch (error) {
      const { node } = this.#spec
      if (error instanceof Fault) {
        error.at ??= node.at
        throw error
      }
      const fault = userFault(node, error, '', null, 0)
      const detail = [`key   ${rowJson(this.#key)}`]
      if (this.#row !== undefined) detail.push(`row   ${String(rowJson(this.#row)).slice(0, 500)}`)
      const hint = 'mend the function, or filter such rows before it'
      throw new Fault('data', fault.message, { at: node.at, detail, hint, cause: error })
    }
  }
}

function iterator(answer: unknown): Iterator<unknown> {
  const is = typeof (answer as Iterable<unknown> | null)?.[Symbol.iterator] === 'function'
  if (!is || typeof answer === 'string') throw new TypeError('expected an iterable of rows')
  return (answer as Iterable<unknown>)[Symbol.iterator]()
}

/** Collects the rows that the function gives, with their groups' ordinals where they are numbered. */
class Output {
  count = 0
  readonly #builder: RowBuilder
  readonly #ordinals: Float64Array | null
  readonly #schema: AnySchema
  readonly #emit: Emit

  constructor({ schema }: Node, rowsPerBatch: number, { numbered, emit }: Attempt) {
    this.#builder = new RowBuilder(schema, rowsPerBatch)
    this.#ordinals = numbered ? new Float64Array(rowsPerBatch) : null
    this.#schema = numbered ? withOrdinal(schema) : schema
    this.#emit = emit
  }

  get full(): boolean {
    return this.#builder.full
  }

  append(row: unknown, ordinal: number): void {
    const at = this.#builder.rows
    this.#builder.append(row)
    this.count++
    if (this.#ordinals !== null) this.#ordinals[at] = ordinal
  }

  async flush(): Promise<void> {
    if (this.#builder.rows === 0) return
    const batch = this.#builder.take()
    if (this.#ordinals === null) await this.#emit(batch)
    else {
      const ordinal: Column = { kind: t.int64, values: this.#ordinals, valid: null, pool: null }
      await this.#emit(dense(this.#schema, [...batch.columns, ordinal], batch.rows))
    }
    this.#builder.trim()
  }
}
