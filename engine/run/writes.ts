/**
 * Where rows leave for files: a fragment a task, or, where the sink wants rows grouped or sorted, one
 * for each partition value, written by a stage of its own.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Batch, columnOf, project } from '../data/batch.ts'
import { indexOf } from '../data/schema.ts'
import type { FileSink, FragmentWriter } from '../io/sink.ts'
import type { Node } from '../plan/node.ts'
import { type WrittenSchema, writtenName, writtenSchema } from '../plan/written.ts'
import { sortHead } from './heads/sort.ts'
import type { Awaitable, Emit, Head, Operator, Partition, TaskContext } from './operator.ts'
import { hiveName, partitionText, samePartition } from './hive.ts'
import type { Task } from './task.ts'

/** The file sink of a write: its own, or the staging files of a table. */
export function sinkOf(node: Node<'write'>, scratch: string): FileSink {
  const { sink } = node.op
  return sink.sink === 'files' ? sink : sink.staging(join(scratch, `table-${node.id}`))
}

/** Writes one fragment after another, switching at a new folder or a full file. */
class Fragments {
  readonly #node: Node<'write'>
  readonly #task: () => Task
  readonly #written: WrittenSchema
  #writer: FragmentWriter | null = null
  #folder = ''
  #rows = 0
  #count = 0

  constructor(node: Node<'write'>, task: () => Task) {
    this.#node = node
    this.#task = task
    this.#written = writtenSchema(node)
  }

  /** Rows [from, to) of the batch's selection. */
  async write(batch: Batch, folder: string, from = 0, to = batch.selected): Promise<void> {
    const { rowsPerFile } = this.#node.op.sink.options as FileSink['options']
    if (folder !== this.#folder) await this.close()
    this.#folder = folder
    const written = project(batch, this.#written.schema, this.#written.at)
    for (let at = from; at < to; ) {
      const room = rowsPerFile ? rowsPerFile - this.#rows : Number.POSITIVE_INFINITY
      const until = Math.min(to, at + room)
      this.#writer ??= this.#open()
      const reached = await this.#writer.write(written, at, until)
      this.#rows += reached - at
      at = reached
      if (reached < until || this.#rows === rowsPerFile) await this.close()
    }
  }

  async close(): Promise<void> {
    if (this.#writer === null) return
    const fragment = await this.#writer.close()
    this.#writer = null
    this.#rows = 0
    const task = this.#task()
    task.fragments.push({ node: this.#node.id, folder: this.#folder, fragment })
  }

  /** Forgets the count of fragments: the next rows are another task's. */
  reset(): void {
    this.#count = 0
    this.#folder = ''
  }

  #open(): FragmentWriter {
    const task = this.#task()
    const { stage, index, attempt } = task.spec
    if (this.#count === 0) task.undo.push(() => this.#undo(task))
    const name = `f-${process.pid}-${this.#node.id}-${stage}-${index}-${attempt}-${this.#count++}.part`
    const sink = sinkOf(this.#node, task.settings.scratch)
    const path = join(task.settings.scratch, name)
    return sink.open(path, this.#written.schema, sink.options.bytesPerFile)
  }

  /** Once a task, and holding no writer that is closed: a task may write very many files. */
  async #undo(task: Task): Promise<void> {
    await this.#writer?.abort()
    this.#writer = null
    for (const { node, fragment } of task.fragments)
      if (node === this.#node.id) await rm(fragment.path, { force: true })
  }
}

export class FragmentEnd implements Operator {
  readonly #node: Node<'write'>
  readonly #task: () => Task
  readonly #fragments: Fragments

  constructor(node: Node<'write'>, task: () => Task) {
    this.#node = node
    this.#task = task
    this.#fragments = new Fragments(node, task)
  }

  push(batch: Batch): Awaitable {
    const { account } = this.#task()
    account.add(this.#node.id, 'in', batch.selected)
    account.add(this.#node.id, 'out', batch.selected)
    return this.#fragments.write(batch, '')
  }

  async finish(): Promise<void> {
    await this.#fragments.close()
    this.#fragments.reset()
  }
}

/** Sorts rows by partition value (and by what the sink asks for) and writes each value's files. */
export class GroupedWriteHead implements Head {
  readonly #node: Node<'write'>
  readonly #task: () => Task
  readonly #sort: Head

  constructor(node: Node<'write'>, task: () => Task) {
    this.#node = node
    this.#task = task
    const { partitionBy, sortBy } = node.op.sink.options as FileSink['options']
    const order = [...partitionBy, ...sortBy].map(by => ({ by, order: 'asc' as const }))
    this.#sort = sortHead(node.id, (node.inputs[0] as Node).schema, order)
  }

  async run(inputs: readonly Partition[], _emit: Emit, task: TaskContext): Promise<void> {
    const { partitionBy } = this.#node.op.sink.options as FileSink['options']
    const input = (this.#node.inputs[0] as Node).schema
    const fragments = new Fragments(this.#node, this.#task)
    const folders = new Folders(
      this.#node,
      partitionBy.map(name => indexOf(input, name)),
    )
    const silent: TaskContext = Object.create(task, {
      account: { value: { add() {}, drop() {}, count() {} } },
    })
    await this.#sort.run(
      inputs,
      async batch => {
        task.account.add(this.#node.id, 'in', batch.selected)
        task.account.add(this.#node.id, 'out', batch.selected)
        const { progress, spec } = this.#task()
        progress.rows(spec.stage, batch.selected)
        let from = 0
        while (from < batch.rows) {
          const to = folders.endOfRun(batch, from)
          await fragments.write(batch, folders.name(batch, from), from, to)
          from = to
        }
      },
      silent,
    )
    await fragments.close()
  }
}

/** The folder of a row, by its partition values; rows come grouped, with no selection. */
class Folders {
  readonly #names: readonly string[]
  readonly #at: readonly number[]
  constructor(node: Node<'write'>, at: readonly number[]) {
    const { partitionBy, names } = node.op.sink.options as FileSink['options']
    this.#names = partitionBy.map(name => writtenName(name, names))
    this.#at = at
  }

  /** The first row after `from` that belongs elsewhere. */
  endOfRun(batch: Batch, from: number): number {
    const columns = this.#at.map(index => columnOf(batch, index))
    let to = from + 1
    while (to < batch.rows && columns.every(c => samePartition(c, from, to))) to++
    return to
  }

  /** Throws data: the value is too long for a folder's name. */
  name(batch: Batch, row: number): string {
    const parts = this.#at.map((index, i) =>
      hiveName(this.#names[i] as string, partitionText(columnOf(batch, index), row)),
    )
    return parts.map(part => `${part}/`).join('')
  }
}
