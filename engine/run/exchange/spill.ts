/**
 * What a task spills: each run of rows is a file of its own in the run's private folder, removed
 * when it was read with `release`, or else when the task ends.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Batch } from '../../data/batch.ts'
import type { AnySchema } from '../../data/schema.ts'
import type { Partition, Spill, SpillWriter } from '../operator.ts'
import { Adopter } from './adopter.ts'
import type { BlockHandle } from './block.ts'
import { BlockBuilder, type BlockLimits, limitsFor } from './builder.ts'
import { partitionOf } from './reader.ts'
import { Scratch } from './scratch.ts'
import { SpillFile } from './spill-file.ts'
import { BlockStore } from './store.ts'
import { TextGauge } from './text-gauge.ts'

const BLOCK_BYTES = 256 << 10

export class TaskSpill implements Spill {
  readonly #prefix: string
  readonly #files: SpillFile[] = []
  readonly #scratch = new Scratch()
  readonly #blockBytes: number

  /** `directory` is made (0700) when the first block is written. */
  constructor(directory: string, o: { blockBytes?: number } = {}) {
    this.#prefix = join(directory, randomBytes(8).toString('hex'))
    this.#blockBytes = o.blockBytes ?? BLOCK_BYTES
  }

  get spilledBytes(): number {
    return this.#files.reduce((sum, file) => sum + file.bytes, 0)
  }

  open(schema: AnySchema): SpillWriter {
    const file = new SpillFile(`${this.#prefix}-${this.#files.length}.spill`)
    this.#files.push(file)
    const limits = limitsFor(schema, this.#blockBytes)
    return new RunWriter(schema, { file, limits, scratch: this.#scratch })
  }

  /** Removes all files: the task ended. */
  remove(): void {
    for (const file of this.#files) file.remove()
  }
}

class RunWriter implements SpillWriter {
  readonly #schema: AnySchema
  readonly #file: SpillFile
  readonly #builder: BlockBuilder
  readonly #gauge: TextGauge
  readonly #adopter: Adopter
  readonly #store: BlockStore
  readonly #handles: BlockHandle[] = []

  constructor(schema: AnySchema, o: { file: SpillFile; limits: BlockLimits; scratch: Scratch }) {
    this.#schema = schema
    this.#file = o.file
    this.#store = new BlockStore(null, o.file)
    this.#adopter = new Adopter(schema)
    this.#gauge = new TextGauge(schema, o.limits)
    this.#builder = new BlockBuilder(schema, {
      limits: o.limits,
      scratch: o.scratch,
      flush: block => this.#handles.push(this.#store.put(schema, block)),
    })
  }

  write(batch: Batch, rows = batch.selection, count?: number): void {
    const to =
      count ?? (rows === batch.selection ? batch.selected : (rows?.length ?? batch.selected))
    if (to === 0) return
    const adopted = this.#adopter.adopt(batch, to)
    this.#builder.append(adopted, { rows, from: 0, to }, this.#gauge.longText(adopted))
  }

  close(): Partition {
    this.#builder.flush()
    this.#store.close()
    const partition = partitionOf(this.#handles, null, this.#schema)
    const file = this.#file
    return {
      rows: partition.rows,
      bytes: partition.bytes,
      *batches(o) {
        try {
          yield* partition.batches(o)
        } finally {
          if (o?.release) file.remove()
        }
      },
    }
  }
}
