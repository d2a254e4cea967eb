/**
 * Copies blocks of ended tasks from the arena to files, in the background: one write at a time, on
 * libuv's threads, in the form that needs no dictionary of the arena. Blocks that were read in the
 * meantime are left out; one that is being written is freed when the write is done, not before.
 *
 * Uncompressed (`spill-file.ts`): a quarter of the CPU time of zstd, on a machine whose cores are all
 * at work. And at a pace, as workers want those cores.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Arena } from '../exchange/arena.ts'
import type { ArenaBlock, BlockHandle } from '../exchange/block.ts'
import { free } from '../exchange/shared-pages.ts'
import { Scratch } from '../exchange/scratch.ts'
import { plainRecord } from '../exchange/spill-file.ts'
import { standalone } from '../exchange/standalone.ts'
import type { ExchangeOutput, TaskResult } from '../protocol.ts'
import { randomName } from '../random-name.ts'
import { Pace } from './pace.ts'

/** Written, and kept from being freed, at once. */
const CHUNK_BYTES = 4 << 20

export interface Copied {
  readonly outputs: readonly ExchangeOutput['blocks'][]
  readonly rejects: readonly BlockHandle[]
}

interface Job {
  readonly result: TaskResult
  done(copied: Copied): void
}

export interface CopyOptions {
  readonly arena: Arena
  /** Of the files. */
  readonly folder: string
  /** Of the time, that copying may take: above 0, at most 1. */
  readonly share: number
  /** A write was refused; nothing is copied any more. */
  failed(error: unknown): void
}

interface Target {
  readonly path: string
  readonly position: number
  readonly moved: Map<BlockHandle, BlockHandle>
}

export class BlockCopies {
  readonly #o: CopyOptions
  readonly #scratch = new Scratch()
  readonly #jobs: Job[] = []
  readonly #freed = new WeakSet<BlockHandle>()
  readonly #held = new Set<BlockHandle>()
  readonly #late: BlockHandle[] = []
  readonly #pace: Pace
  #dropped = false
  #working: Promise<void> | null = null

  constructor(o: CopyOptions) {
    this.#o = o
    this.#pace = new Pace(o.share)
  }

  /** Copies what lies in the arena of a task's blocks; `done` gets the handles as they are then. */
  add(result: TaskResult, done: (copied: Copied) => void): void {
    this.#jobs.push({ result, done })
    this.#working ??= this.#work()
  }

  /** Gives a block's pages back, once nobody reads it here. */
  free(block: BlockHandle): void {
    this.#freed.add(block)
    if (this.#held.has(block)) this.#late.push(block)
    else free(block, this.#o.arena)
  }

  /** Forgets what is not copied. */
  drop(): void {
    this.#jobs.length = 0
    this.#dropped = true
  }

  /** Resolves once all that was added is copied, or forgotten; there is no waiting any more. */
  async settled(): Promise<void> {
    this.#pace.hurry()
    while (this.#working !== null) await this.#working
  }

  async #work(): Promise<void> {
    try {
      for (let job = this.#jobs.shift(); job; job = this.#jobs.shift()) await this.#copy(job)
    } catch (error) {
      this.drop()
      this.#o.failed(error)
    } finally {
      this.#working = null
    }
  }

  async #copy({ result, done }: Job): Promise<void> {
    const path = join(this.#o.folder, `c-${randomName()}.spill`)
    const moved = new Map<BlockHandle, BlockHandle>()
    const blocks = [...result.outputs.flatMap(o => o.blocks.flat()), ...result.rejects]
    let file: FileHandle | null = null
    let position = 0
    try {
      for (const chunk of inChunks(blocks)) {
        if (this.#dropped) return
        if (chunk.every(b => this.#freed.has(b))) continue
        file ??= await open(path, 'wx', 0o600)
        // After the wait: what was freed in the meantime is no longer there to be copied.
        const here = chunk.filter(b => !this.#freed.has(b))
        if (here.length === 0) continue
        const [opened, to] = [file, { path, position, moved }]
        position = await this.#pace.run(() => this.#write(opened, here, to))
      }
    } finally {
      await file?.close()
    }
    const now = (block: BlockHandle) => moved.get(block) ?? block
    done({
      outputs: result.outputs.map(o => o.blocks.map(list => list.map(now))),
      rejects: result.rejects.map(now),
    })
  }

  /** Answers where the next record goes. */
  async #write(file: FileHandle, blocks: readonly ArenaBlock[], to: Target): Promise<number> {
    for (const block of blocks) this.#held.add(block)
    const { path, moved } = to
    let { position } = to
    const { arena } = this.#o
    try {
      const records = blocks.map(block => standalone(block, { arena, scratch: this.#scratch }))
      await writeAll(file, records.flatMap(plainRecord), position)
      for (const [i, block] of blocks.entries()) {
        const bytes = (records[i] as Uint8Array).length
        const storedBytes = plainRecord.headBytes + bytes
        moved.set(block, { where: 'file', path, position, storedBytes, bytes, rows: block.rows })
        position += storedBytes
      }
      return position
    } finally {
      this.#held.clear()
      for (const block of this.#late.splice(0)) free(block, this.#o.arena)
    }
  }
}

async function writeAll(file: FileHandle, parts: Uint8Array[], position: number): Promise<void> {
  const total = parts.reduce((sum, p) => sum + p.length, 0)
  const { bytesWritten } = await file.writev(parts, position)
  let done = bytesWritten
  let before = 0
  for (const part of parts) {
    // A write may end early, as on a disk that is about to be full.
    while (done < before + part.length) {
      const from = Math.max(0, done - before)
      done += (await file.write(part, from, part.length - from, position + done)).bytesWritten
    }
    before += part.length
  }
  if (done !== total) throw new Error(`wrote ${done} of ${total} bytes`)
}

function* inChunks(blocks: readonly BlockHandle[]): Iterable<ArenaBlock[]> {
  let chunk: ArenaBlock[] = []
  let bytes = 0
  for (const block of blocks) {
    if (block.where !== 'arena') continue
    chunk.push(block)
    bytes += block.bytes
    if (bytes < CHUNK_BYTES) continue
    yield chunk
    chunk = []
    bytes = 0
  }
  if (chunk.length > 0) yield chunk
}
