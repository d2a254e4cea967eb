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
import { RowBuilder, rowReader } from '../../compile/rows.ts'
import { type Batch, columnOf, dense } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { type AnySchema, indexOf, schemaOf, t } from '../../data/schema.ts'
import { Fault } from '../../fault.ts'
import type { Node, Order, Row } from '../../plan/node.ts'
import type { Emit, Head, Partition, TaskContext } from '../operator.ts'
import { type Attempt, type Job, runJob, withOrdinal } from './grace.ts'
import { GroupCursor, GroupRows } from './group-rows.ts'
import { KeyLookup, KeyTable } from './key-table.ts'
import { RowStore } from './row-store.ts'
import { Sorter } from './sort.ts'

type Fields = AnySchema['list']

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

  async attempt(inputs: readonly Partition[], { numbered, bounded, emit }: Attempt): Promise<boolean> {
    const { memoryBytes, account } = this.#task
    const schemas = numbered ? this.inputs.map(withOrdinal) : this.inputs
    const keys = new GroupKeys(this.#spec.keys, schemas[0] as AnySchema, numbered)
    // A third for the keys, a third for the sorts, a third for rows that the function holds.
    const share = memoryBytes / 3
    const sorters: Sorter[] = []
    for (const [i, input] of inputs.entries()) {
      const stream = new Numberer(keys, schemas[i] as AnySchema, this.#spec)
      const sorter = new Sorter({ ...stream, memoryBytes: share / inputs.length }, this.#task)
      for (const batch of input.batches()) {
        sorter.add(stream.number(batch))
        if (bounded && keys.heldBytes > share) return false
      }
      sorters.push(sorter)
    }
    const cursors = sorters.map(
      (sorter, i) => new GroupCursor(this.inputs[i] as AnySchema, sorter.sorted(), share / inputs.length, numbered ? 1 : 0),
    )
    try {
      const out = await this.#call(keys, cursors, { emit, numbered })
      const rows = inputs.reduce((sum, p) => sum + p.rows, 0)
      account.add(this.#spec.node.id, 'in', rows)
      account.add(this.#spec.node.id, 'merged', rows)
      account.add(this.#spec.node.id, 'created', out)
      account.add(this.#spec.node.id, 'out', out)
    } finally {
      for (const cursor of cursors) cursor.close()
    }
    return true
  }

  /** Calls the function for each group; answers how many rows it gave. */
  async #call(
    keys: GroupKeys,
    cursors: readonly GroupCursor[],
    { emit, numbered }: { emit: Emit; numbered: boolean },
  ): Promise<number> {
    const { node, names, call } = this.#spec
    const { rowsPerBatch } = this.#task
    const out = new RowBuilder(node.schema, rowsPerBatch)
    const ordinals = numbered ? new Float64Array(rowsPerBatch) : null
    const flush = async () => {
      const batch = out.take()
      if (batch.rows > 0) await emit(ordinals === null ? batch : withColumn(batch, ordinals, withOrdinal(node.schema)))
      out.trim()
    }
    let count = 0
    for (let group = 0; group < keys.count; group++) {
      const key = keys.row(group)
      const rows = cursors.map((cursor, i) => new GroupRows(cursor, group, `${names[i]} of ${rowJson(key)}`))
      let made: unknown
      try {
        for (const row of iterable(call(key, rows))) {
          made = row
          if (out.full) await flush()
          if (ordinals !== null) ordinals[out.rows] = keys.ordinal(group)
          out.append(row)
          made = undefined
          count++
        }
      } catch (error) {
        throw groupFault(node, error, { key, made })
      }
      for (const of of rows) of.end()
    }
    await flush()
    return count
  }
}

function iterable(answer: unknown): Iterable<unknown> {
  const is = typeof (answer as Iterable<unknown> | null)?.[Symbol.iterator] === 'function'
  if (!is || typeof answer === 'string') throw new TypeError('expected an iterable of rows')
  return answer as Iterable<unknown>
}

function groupFault(node: Node, error: unknown, { key, made }: { key: Row; made: unknown }): Fault {
  if (error instanceof Fault) {
    error.at ??= node.at
    return error
  }
  const fault = userFault(node, error, rowJson(key), null, 0)
  const detail = [`key   ${rowJson(key)}`]
  if (made !== undefined) detail.push(`row   ${(rowJson(made) ?? String(made)).slice(0, 500)}`)
  return new Fault('data', fault.message, { at: node.at, detail, hint: 'mend the function', cause: error })
}

function withColumn(batch: Batch, ordinals: Float64Array, schema: AnySchema): Batch {
  const ordinal: Column = { kind: t.int64, values: ordinals, valid: null, pool: null }
  return dense(schema, [...batch.columns, ordinal], batch.rows)
}

/** The keys met so far, each with the row (and ordinal) that it came first with. */
class GroupKeys {
  readonly table: KeyTable
  readonly store: RowStore
  readonly names: readonly string[]
  readonly held: readonly string[]
  readonly #keys: readonly string[]
  readonly #reader: ReturnType<typeof rowReader>

  constructor(keys: readonly string[], first: AnySchema, numbered: boolean) {
    this.#keys = keys
    this.names = keys
    this.held = numbered ? [...keys, ordinalOf(first)] : keys
    this.store = new RowStore(schemaOf(this.held.map(name => first.list[indexOf(first, name)] as Fields[number])))
    this.table = new KeyTable(this.store)
    this.#reader = rowReader(schemaOf(this.store.schema.list.slice(0, keys.length)))
  }

  get count(): number {
    return this.store.rows
  }

  get heldBytes(): number {
    return this.store.heldBytes + this.table.heldBytes
  }

  row(group: number): Row {
    this.#read ??= this.#reader(this.store.slice(0, this.store.rows))
    return this.#read(group)
  }
  #read: ((i: number) => Row) | null = null

  ordinal(group: number): number {
    return (this.store.columns[this.#keys.length]?.values as Float64Array)[group] as number
  }
}

const ordinalOf = (schema: AnySchema): string => (schema.list.at(-1) as Fields[number]).name
