/**
 * What a task spills, in the run's private folder. A run of rows begins in a file that small runs share;
 * one that becomes large goes on in a file of its own. It is gone from the disk when it was read with
 * `release` (a shared file: when all its runs were), or else when the task ends.
 */
import { join } from 'node:path'
import type { Batch } from '../../data/batch.ts'
import type { AnySchema } from '../../data/schema.ts'
import type { Partition, Spill, SpillWriter } from '../operator.ts'
import { Adopter } from './adopter.ts'
import type { Block, BlockHandle, FileBlock } from './block.ts'
import { BlockBuilder, type BlockLimits, limitsFor } from './builder.ts'
import { partitionOf } from './reader.ts'
import { Scratch } from './scratch.ts'
import { SmallRuns } from './small-runs.ts'
import { SpillFile } from './spill-file.ts'
import type { SpillSpace } from './spill-space.ts'
import { BlockStore } from './store.ts'
import { TextGauge } from './text-gauge.ts'
import { randomName } from '../random-name.ts'

const BLOCK_BYTES = 256 << 10
/** On disk: a run that has more gets its own file. */
const SMALL_BYTES = 1 << 20

export class TaskSpill implements Spill {
  readonly #prefix: string
  readonly #files: SpillFile[] = []
  readonly #scratch = new Scratch()
  readonly #blockBytes: number
  readonly #space: SpillSpace | null
  readonly #small = new SmallRuns(() => this.#newFile())
  splitLevels = 0

  /** `directory` is made (0700) when the first block is written. */
  constructor(directory: string, o: { blockBytes?: number; space?: SpillSpace } = {}) {
    this.#prefix = join(directory, randomName())
    this.#blockBytes = o.blockBytes ?? BLOCK_BYTES
    this.#space = o.space ?? null
  }

  get spilledBytes(): number {
    return this.#files.reduce((sum, file) => sum + file.bytes, 0)
  }

  splitting(levels: number): void {
    this.splitLevels = Math.max(this.splitLevels, levels)
  }

  open(schema: AnySchema): SpillWriter {
    const limits = limitsFor(schema, this.#blockBytes)
    const newFile = () => this.#newFile()
    return new RunWriter(schema, { small: this.#small, newFile, limits, scratch: this.#scratch })
  }

  #newFile(): SpillFile {
    const file = new SpillFile(
      `${this.#prefix}-${this.#files.length}.spill`,
      undefined,
      this.#space,
    )
    this.#files.push(file)
    return file
  }

  /** Removes all files: the task ended. */
  remove(): void {
    for (const file of this.#files) file.remove()
  }
}

interface RunOptions {
  readonly small: SmallRuns
  readonly newFile: () => SpillFile
  readonly limits: BlockLimits
  readonly scratch: Scratch
}

class RunWriter implements SpillWriter {
  readonly #schema: AnySchema
  readonly #o: RunOptions
  readonly #builder: BlockBuilder
  readonly #gauge: TextGauge
  readonly #adopter: Adopter
  readonly #shared: SpillFile
  readonly #store: BlockStore
  readonly #handles: BlockHandle[] = []
  #bytes = 0
  /** Null while the run is small. */
  #own: SpillFile | null = null

  constructor(schema: AnySchema, o: RunOptions) {
    this.#schema = schema
    this.#o = o
    this.#shared = o.small.take()
    this.#store = new BlockStore(null, this.#shared)
    this.#adopter = new Adopter(schema)
    this.#gauge = new TextGauge(schema, o.limits)
    const { limits, scratch } = o
    this.#builder = new BlockBuilder(schema, { limits, scratch, flush: block => this.#put(block) })
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
    this.#own?.close()
    const shared = this.#shared
    const { small } = this.#o
    const own = this.#own
    const read = (handle: FileBlock) => (handle.path === shared.path ? shared.read(handle) : null)
    const partition = partitionOf(this.#handles, null, this.#schema, read)
    let released = false
    return {
      rows: partition.rows,
      bytes: partition.bytes,
      *batches(o) {
        try {
          yield* partition.batches(o)
        } finally {
          if (o?.release && !released) {
            released = true
            own?.remove()
            small.release(shared)
          }
        }
      },
    }
  }

  #put(block: Block): void {
    if (this.#own === null && this.#bytes > SMALL_BYTES) {
      this.#own = this.#o.newFile()
      this.#store.moveTo(this.#own)
    }
    const handle = this.#store.put(this.#schema, block)
    if (handle.where === 'file') this.#bytes += handle.storedBytes
    this.#handles.push(handle)
  }
}
