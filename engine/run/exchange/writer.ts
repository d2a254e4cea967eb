/**
 * The writing side of an exchange: takes a task's batches, sends each row to its partition and
 * keeps each partition's rows, in the order they came, as blocks. Rows of a partition are combined
 * across batches first, so that blocks are large however many partitions there are.
 */
import type { Batch } from '../../data/batch.ts'
import type { AnySchema } from '../../data/schema.ts'
import { Adopter } from './adopter.ts'
import type { Arena } from './arena.ts'
import type { BlockHandle } from './block.ts'
import { BlockBuilder, limitsFor } from './builder.ts'
import { Scratch } from './scratch.ts'
import { SharedText } from './shared-text.ts'
import type { SpillFile } from './spill-file.ts'
import { type PartitionOf, Splitter } from './splitter.ts'
import { BlockStore } from './store.ts'
import { TextGauge } from './text-gauge.ts'

export interface ExchangeOptions {
  readonly schema: AnySchema
  readonly partitions: number
  /** Null where there is one partition. */
  readonly partitionOf: PartitionOf | null
  /** Null: every block goes to `overflow`. */
  readonly arena: Arena | null
  /** Takes the blocks that the arena has no room for; it must outlive their readers. */
  readonly overflow: SpillFile
  /** Size to aim at, text left out. By default 4 MB over the partitions, 64 to 256 KB. */
  readonly blockBytes?: number
  /** The number of the arena's dictionary for the first text column; null: blocks carry their text. */
  readonly dictionary?: number | null
}

/** What a task wrote: plain data. */
export interface Written {
  /** By partition, in order. */
  readonly blocks: BlockHandle[][]
  /** By partition. */
  readonly rows: number[]
  /** Uncompressed. */
  readonly bytes: number
  /** Written to `overflow`, compressed. */
  readonly spilledBytes: number
}

const HELD_BYTES = 4 << 20
const blockBytesFor = (partitions: number): number =>
  Math.max(64 << 10, Math.min(256 << 10, Math.floor(HELD_BYTES / partitions)))

export class ExchangeWriter {
  readonly #builders: BlockBuilder[]
  readonly #blocks: BlockHandle[][]
  readonly #splitter: Splitter | null
  readonly #gauge: TextGauge
  readonly #adopter: Adopter
  readonly #shared: SharedText | null
  readonly #store: BlockStore
  readonly #overflow: SpillFile

  constructor(options: ExchangeOptions) {
    const { schema, partitions, partitionOf, arena, overflow } = options
    const { blockBytes = blockBytesFor(partitions) } = options
    const limits = limitsFor(schema, blockBytes)
    const scratch = new Scratch()
    this.#overflow = overflow
    this.#store = new BlockStore(arena, overflow)
    this.#gauge = new TextGauge(schema, limits)
    this.#adopter = new Adopter(schema)
    const { dictionary = null } = options
    this.#shared =
      arena === null || dictionary === null ? null : new SharedText(schema, arena, dictionary)
    this.#splitter = partitionOf === null ? null : new Splitter(partitions, partitionOf)
    this.#blocks = Array.from({ length: partitions }, () => [])
    this.#builders = this.#blocks.map(blocks => {
      const flush = (block: Parameters<BlockStore['put']>[1]) => {
        blocks.push(this.#store.put(schema, block))
      }
      return new BlockBuilder(schema, { limits, scratch, flush })
    })
  }

  /** Bytes that the writer holds for itself; blocks that are finished lie in the arena. */
  get heldBytes(): number {
    return this.#builders.reduce((sum, b) => sum + b.heldBytes, 0)
  }

  /** Copies the batch's selected rows. Throws resource: neither memory nor disk has room. */
  write(batch: Batch): void {
    if (batch.selected === 0) return
    const builders = this.#builders
    this.#splitter?.split(batch)
    batch = this.#adopter.adopt(batch)
    batch = this.#shared?.translate(batch) ?? batch
    const longText = this.#gauge.longText(batch)
    if (this.#splitter === null) {
      const all = { rows: batch.selection, from: 0, to: batch.selected }
      ;(builders[0] as BlockBuilder).append(batch, all, longText)
      return
    }
    const { order, starts } = this.#splitter
    for (let p = 0; p < builders.length; p++) {
      const [from, to] = [starts[p] as number, starts[p + 1] as number]
      if (from < to)
        (builders[p] as BlockBuilder).append(batch, { rows: order, from, to }, longText)
    }
  }

  /** Ends writing. The blocks are the reader's to free from now on. */
  finish(): Written {
    for (const builder of this.#builders) builder.close()
    this.#store.close()
    const blocks = this.#blocks
    const sum = (handles: BlockHandle[], what: 'rows' | 'bytes') =>
      handles.reduce((total, handle) => total + handle[what], 0)
    return {
      blocks,
      rows: blocks.map(handles => sum(handles, 'rows')),
      bytes: blocks.reduce((total, handles) => total + sum(handles, 'bytes'), 0),
      spilledBytes: this.#overflow.bytes,
    }
  }

  /** Gives back all that was written: the task failed. */
  abort(): void {
    for (const handles of this.#blocks) this.#store.free(handles.splice(0))
    this.#store.close()
    this.#overflow.remove()
  }
}
