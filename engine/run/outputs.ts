/** All outputs of a run: prepared before it starts, assembled and published together at its end. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { mkdir } from 'node:fs/promises'
import { is, type Node, type Plan } from '../plan/node.ts'
import type { Checkpoint } from './checkpoint/checkpoint.ts'
import type { Executor } from './executor.ts'
import type { Inputs } from './inputs.ts'
import { Journal } from './journal.ts'
import type { RunSettings } from './protocol.ts'
import type { OutputReport } from './report.ts'
import { OutputFolder } from './run-files.ts'
import { type Shard, shardsOf } from './shards.ts'
import type { StageRun } from './stage-run.ts'
import { Tables } from './tables.ts'
import { sinkOf } from './writes.ts'

/** As a source's: a table that is read back is a source like another. */
const STANDING_SPLIT_BYTES = 16 * 2 ** 20

export class Outputs {
  readonly written: OutputReport[] = []
  readonly #plan: Plan
  readonly #settings: RunSettings
  readonly #preview: boolean
  readonly #writes: readonly Node<'write'>[]
  readonly #folders = new Map<Node, OutputFolder>()
  readonly #tables: Tables
  readonly #finished = new Map<Node, OutputReport>()
  #journal: Journal | null = null
  #checkpoint: Checkpoint | null = null
  /** A dead run of the same key began; its mark stays until a run ends well. */
  #resuming = false
  #committing = false

  constructor(plan: Plan, settings: RunSettings, limit: number | null) {
    this.#plan = plan
    this.#settings = settings
    this.#preview = limit !== null
    this.#writes = plan.nodes.filter(n => is(n, 'write')) as Node<'write'>[]
    this.#tables = new Tables(plan, settings)
    for (const node of this.#writes) {
      const { sink } = node.op
      const o = { key: settings.fingerprint, overwrite: settings.overwrite }
      if (sink.sink === 'files') this.#folders.set(node, new OutputFolder(node, sink, o))
    }
  }

  /** Refuses what could not be published, before anything is read. */
  async prepare(inputs: Inputs, checkpoint: Checkpoint): Promise<void> {
    if (this.#preview) return
    for (const folder of this.#folders.values()) folder.refuseInputs(inputs.objects)
    const targets = [...this.#folders.values()].map(f => f.target)
    const journal = new Journal(targets, this.#settings.fingerprint, inputs.objects)
    const unfinished = journal.begin()
    this.#journal = journal
    this.#checkpoint = checkpoint
    this.#resuming = unfinished
    for (const folder of this.#folders.values())
      await folder.prepare(unfinished, checkpoint.resumed !== null)
    await this.#tables.check()
  }

  /**
   * A table that a write goes to as it will stand after this run, while nobody sees it yet: the write's
   * stages are done, so its rows are staged now. Answers the splits of a copy.
   */
  async standing(node: Node<'write'>, runs: readonly StageRun[], executor: Executor) {
    await this.#finish(node, runs, executor)
    return this.#tables.standing(node, STANDING_SPLIT_BYTES)
  }

  /** Shards, staging, audits, and last of all what readers see. A preview ends before all of it. */
  async publish(runs: readonly StageRun[], executor: Executor): Promise<void> {
    if (this.#preview) return this.#tables.abandon()
    for (const node of this.#writes) this.written.push(await this.#finish(node, runs, executor))
    await this.#tables.publish()
    this.#committing = true
    for (const folder of this.#folders.values()) await folder.commit()
    this.#journal?.end()
  }

  /** A write's shards, in their places; a table's also in staging. Once for each write. */
  async #finish(
    node: Node<'write'>,
    runs: readonly StageRun[],
    executor: Executor,
  ): Promise<OutputReport> {
    const known = this.#finished.get(node)
    if (known) return known
    // In the order of the plan: which stage was opened first depends on which others were faster.
    const inOrder = runs.toSorted((a, b) => a.stage.id - b.stage.id)
    const fragments = inOrder.flatMap(run => run.results.flatMap(r => r?.fragments ?? []))
    const mine = fragments.filter(f => f.node === node.id)
    const shards = shardsOf(node, mine, sinkOf(node, this.#settings.scratch).options)
    const { bytes, paths } = await assemble(shards, executor, {
      place: shard => this.#place(node, shard),
      checkpoint: this.#checkpoint,
    })
    const rows = mine.reduce((sum, f) => sum + f.fragment.rows, 0)
    const { sink } = node.op
    const report = { uri: sink.uri, rows, bytes, files: paths.length }
    const isTable = sink.sink === 'table'
    if (isTable) await this.#tables.stage({ node, files: paths, rows })
    const made = isTable ? { ...report, table: sink.table } : report
    this.#finished.set(node, made)
    return made
  }

  /** Where a shard is built; made when its turn comes, as there may be very many. */
  async #place(node: Node<'write'>, { folder, index }: Shard): Promise<string> {
    const output = this.#folders.get(node)
    if (output) return (await output.shard(folder, index)).path
    const staging = join(this.#settings.scratch, `table-${node.id}`)
    await mkdir(staging, { recursive: true })
    return join(staging, `part-${String(index).padStart(5, '0')}.parquet`)
  }

  async abandon(): Promise<void> {
    // Nothing was begun, and the folders may be those of a run that is at work.
    if (this.#journal === null) return
    for (const folder of this.#folders.values()) await folder.abandon()
    if (!this.#resuming && !this.#committing) this.#journal?.end()
  }

  close(): Promise<void> {
    return this.#tables.close()
  }

  get plan(): Plan {
    return this.#plan
  }
}

async function assemble(
  shards: readonly Shard[],
  executor: Executor,
  o: { place: (shard: Shard) => Promise<string>; checkpoint: Checkpoint | null },
): Promise<{ bytes: number; paths: string[] }> {
  const paths: string[] = []
  let bytes = 0
  let next = 0
  const lane = async () => {
    while (next < shards.length) {
      const i = next++
      const shard = shards[i] as Shard
      const path = await o.place(shard)
      paths[i] = path
      const made = o.checkpoint?.shard(path, shard.fragments) ?? -1
      if (made >= 0) {
        bytes += made
        continue
      }
      await executor.assemble({ node: shard.node.id, fragments: shard.fragments, path })
      // Not `bytes += await …`: that would add to what bytes was before another lane's file.
      const { size } = await stat(path)
      bytes += size
      o.checkpoint?.shardMade(path, size)
    }
  }
  await Promise.all(Array.from({ length: Math.min(executor.concurrency, shards.length) }, lane))
  return { bytes, paths }
}
