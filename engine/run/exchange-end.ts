/** Where a stage's rows go into an exchange: one writer a task, rows split by the hash of their keys. */
import type { Exchange } from '../compile/stages.ts'
import type { Batch } from '../data/batch.ts'
import { hashPartition, keyHasher } from './exchange/hash.ts'
import type { PartitionOf } from './exchange/splitter.ts'
import type { ExchangeWriter } from './exchange/writer.ts'
import { is } from '../plan/node.ts'
import { firstDictionary } from './dictionaries.ts'
import type { Operator } from './operator.ts'
import type { Task } from './task.ts'

/** Rows of a reshuffle that stay together. */
const RESHUFFLED = 1024

export class ExchangeEnd implements Operator {
  readonly #exchange: Exchange
  readonly #task: () => Task
  #writer: ExchangeWriter | null = null

  constructor(exchange: Exchange, task: () => Task) {
    this.#exchange = exchange
    this.#task = task
  }

  push(batch: Batch): void {
    this.#writer ??= this.#open()
    this.#writer.write(batch)
  }

  finish(): void {
    if (this.#writer === null) return
    const { blocks, rows, bytes, spilledBytes } = this.#writer.finish()
    const task = this.#task()
    task.spilledBytes += spilledBytes
    task.outputs.push({ exchange: this.#exchange.id, blocks, rows, bytes })
    this.#writer = null
  }

  #open(): ExchangeWriter {
    const task = this.#task()
    const { id, schema, to, keys: all } = this.#exchange
    const split = task.spec.partitions.find(p => p.exchange === id)
    const { count: partitions, keys } = split ?? { count: 1, keys: all }
    const dictionary = firstDictionary(task.stages, id)
    if (partitions === 1) return task.writer(schema, 1, { dictionary })
    if (is(to, 'reshuffle')) {
      const { index, tasks } = task.spec
      const own = Math.floor((index * partitions) / Math.max(1, tasks))
      const partitionOf = to.op.ordered ? always(own) : inTurns(partitions, index)
      return task.writer(schema, partitions, { partitionOf, dictionary })
    }
    const partitionOf = hashPartition(keyHasher(schema, keys), partitions)
    return task.writer(schema, partitions, { partitionOf, dictionary })
  }
}

/** All rows of a task to one partition: tasks in order, so partitions in order. */
const always =
  (partition: number): PartitionOf =>
  (batch, out) => {
    out.fill(partition, 0, batch.selected)
  }

/** Chunks of rows in turn to each partition, beginning with another one for each task. */
function inTurns(partitions: number, task: number): PartitionOf {
  let row = task * RESHUFFLED
  return (batch, out) => {
    for (let k = 0; k < batch.selected; k++) out[k] = Math.floor(row++ / RESHUFFLED) % partitions
  }
}
