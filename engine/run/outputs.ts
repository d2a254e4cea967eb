/** All outputs of a run: prepared before it starts, assembled and published together at its end. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { mkdir } from 'node:fs/promises'
import type { Fragment } from '../io/sink.ts'
import { is, type Node, type Plan } from '../plan/node.ts'
import type { Executor } from './executor.ts'
import type { Inputs } from './inputs.ts'
import { Journal } from './journal.ts'
import type { RunSettings, WrittenFragment } from './protocol.ts'
import type { OutputReport } from './report.ts'
import { OutputFolder } from './run-files.ts'
import type { StageRun } from './stage-run.ts'
import { Tables } from './tables.ts'
import { sinkOf } from './writes.ts'

/** As a source's: a table that is read back is a source like another. */
const STANDING_SPLIT_BYTES = 16 * 2 ** 20

interface Shard {
  readonly node: Node<'write'>
  readonly folder: string
  readonly fragments: readonly Fragment[]
  readonly index: number
}

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
  async prepare(inputs: Inputs): Promise<void> {
    if (this.#preview) return
    const targets = [...this.#folders.values()].map(f => f.target)
    this.#journal = new Journal(targets, this.#settings.fingerprint, inputs.objects)
    const unfinished = this.#journal.begin()
    this.#resuming = unfinished
    for (const folder of this.#folders.values()) await folder.prepare(unfinished)
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
    const fragments = runs.flatMap(run => run.results.flatMap(r => r?.fragments ?? []))
    const mine = fragments.filter(f => f.node === node.id)
    const shards = shardsOf(node, mine, sinkOf(node, this.#settings.scratch).options)
    const places = await this.#places(node, shards)
    const bytes = await assemble(shards, places, executor)
    const rows = mine.reduce((sum, f) => sum + f.fragment.rows, 0)
    const { sink } = node.op
    const report = { uri: sink.uri, rows, bytes, files: places.length }
    const isTable = sink.sink === 'table'
    if (isTable) await this.#tables.stage({ node, files: places.map(p => p.path), rows })
    const made = isTable ? { ...report, table: sink.table } : report
    this.#finished.set(node, made)
    return made
  }

  async #places(
    node: Node<'write'>,
    shards: readonly Shard[],
  ): Promise<{ path: string; target: string }[]> {
    const folder = this.#folders.get(node)
    if (folder) return Promise.all(shards.map(s => folder.shard(s.folder, s.index)))
    const staging = join(this.#settings.scratch, `table-${node.id}`)
    await mkdir(staging, { recursive: true })
    return shards.map(s => {
      const path = join(staging, `part-${String(s.index).padStart(5, '0')}.parquet`)
      return { path, target: path }
    })
  }

  async abandon(): Promise<void> {
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

/** Groups fragments, in the order of their tasks, into files of about the target size. An output without rows is one empty file. */
function shardsOf(
  node: Node<'write'>,
  fragments: readonly WrittenFragment[],
  options: { bytesPerFile: number; rowsPerFile: number | null; partitionBy: readonly string[] },
): Shard[] {
  const folders = new Map<string, Fragment[]>()
  for (const { folder, fragment } of fragments) {
    const known = folders.get(folder)
    if (known) known.push(fragment)
    else folders.set(folder, [fragment])
  }
  if (folders.size === 0 && options.partitionBy.length === 0) folders.set('', [])
  const shards: Shard[] = []
  for (const [folder, list] of [...folders].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let index = 0
    let group: Fragment[] = []
    let bytes = 0
    let rows = 0
    const close = () => shards.push({ node, folder, fragments: group, index: index++ })
    for (const fragment of list) {
      const full =
        bytes + fragment.bytes > options.bytesPerFile ||
        (options.rowsPerFile !== null && rows + fragment.rows > options.rowsPerFile)
      if (group.length > 0 && full) {
        close()
        group = []
        bytes = rows = 0
      }
      group.push(fragment)
      bytes += fragment.bytes
      rows += fragment.rows
    }
    close()
  }
  return shards
}

async function assemble(
  shards: readonly Shard[],
  places: readonly { path: string }[],
  executor: Executor,
): Promise<number> {
  let bytes = 0
  let next = 0
  const lane = async () => {
    while (next < shards.length) {
      const i = next++
      const { node, fragments } = shards[i] as Shard
      const { path } = places[i] as { path: string }
      await executor.assemble({ node: node.id, fragments, path })
      bytes += (await stat(path)).size
    }
  }
  await Promise.all(Array.from({ length: Math.min(executor.concurrency, shards.length) }, lane))
  return bytes
}
