/** All outputs of a run: prepared before it starts, assembled and published together at its end. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { mkdir } from 'node:fs/promises'
import type { OutputPlace, ShardPlace } from '../io/output-place.ts'
import { is, type Node, type Plan } from '../plan/node.ts'
import { writtenSchema } from '../plan/written.ts'
import type { Checkpoint } from './checkpoint/checkpoint.ts'
import { targetOf } from './checkpoint/identity.ts'
import { lives, thisProcess } from './checkpoint/owner.ts'
import { isNear, type PublishReceipt } from '../io/warehouse.ts'
import type { Executor } from './executor.ts'
import type { Inputs } from './inputs.ts'
import { Journal, runKey } from './journal.ts'
import { checksumOf, crc32Of, type SummedFile } from './ledger/checksum.ts'
import type { RunSettings } from './protocol.ts'
import type { OutputReport } from './report.ts'
import { OutputFolder } from './run-files.ts'
import { Sending } from './sending.ts'
import { type Shard, shardsOf } from './shards.ts'
import type { StageRun } from './stage-run.ts'
import { Tables } from './tables.ts'
import { usageText } from './usage.ts'
import { sinkOf } from './writes.ts'

/** As a source's: a table that is read back is a source like another. */
const STANDING_SPLIT_BYTES = 16 * 2 ** 20
/** Of the run's memory, for buffers of shards on their way. */
const SENDING_SHARE = 1 / 8

export class Outputs {
  readonly written: OutputReport[] = []
  /** What warehouses answered. */
  readonly receipts: PublishReceipt[] = []
  /** Where publishing failed: some of it may be seen by readers. */
  visible = false
  /** Checksums of files are wanted; a table's load has its own. */
  checksums = false
  readonly #plan: Plan
  readonly #settings: RunSettings
  readonly #preview: boolean
  readonly #writes: readonly Node<'write'>[]
  readonly #places = new Map<Node, OutputPlace>()
  /** Places that this run has marked as its own. */
  readonly #begun: OutputPlace[] = []
  readonly #sending = new Sending()
  readonly #tables: Tables
  readonly #finished = new Map<Node, OutputReport>()
  #warn: (text: string) => void = () => {}
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
  }

  /**
   * Refuses what could not be published, before anything is read. `retaken`: what stands may be a dead
   * run's, half published.
   */
  async prepare(
    inputs: Inputs,
    checkpoint: Checkpoint,
    o: { warn: (text: string) => void; retaken: boolean },
  ): Promise<void> {
    if (this.#preview) return
    this.#warn = o.warn
    const { fingerprint } = this.#settings
    const files = this.#writes.flatMap(n => (n.op.sink.sink === 'files' ? [n.op.sink] : []))
    const key = runKey(fingerprint, files.map(targetOf), inputs.objects)
    await this.#open(key, o.warn)
    const places = [...this.#places.values()]
    for (const place of places) place.refuseInputs(inputs.objects)
    const journal = new Journal(files.filter(sink => !sink.place).map(targetOf), key)
    const refuse = () => {
      for (const place of places) if (place instanceof OutputFolder) place.refuseStanding()
    }
    const marked = journal.begin(o.retaken, refuse) || o.retaken
    this.#journal = journal
    this.#checkpoint = checkpoint
    const began = await all(places, async place => {
      const before = await place.begin(o.retaken)
      this.#begun.push(place)
      return before
    })
    const unfinished = marked || began.includes(true)
    this.#resuming = unfinished
    const resumed = checkpoint.resumed !== null
    const prepared = places.map(place => () => place.prepare(unfinished, resumed))
    await all([...prepared, () => this.#tables.check()], act => act())
  }

  async #open(key: string, warn: (text: string) => void): Promise<void> {
    const { memoryBytes, scratch, ...settings } = this.#settings
    for (const node of this.#writes) {
      const { sink } = node.op
      if (sink.sink !== 'files') continue
      const o = { key: settings.fingerprint, overwrite: settings.overwrite }
      const request = () => ({
        key,
        overwrite: settings.overwrite || sink.options.overwrite,
        at: node.at,
        schema: writtenSchema(node).schema,
        scratch: join(scratch, `out-${node.id}`),
        bufferBytes: Math.floor(memoryBytes * SENDING_SHARE),
        owner: thisProcess(),
        isAlive: lives,
        warn,
      })
      const place = sink.place ? await sink.place(request()) : new OutputFolder(node, sink, o)
      this.#places.set(node, place)
    }
  }

  /**
   * A table that a write goes to as it will stand after this run, while nobody sees it yet: the write's
   * stages are done, so its rows are staged now. Answers the splits of a copy.
   */
  async standing(node: Node<'write'>, runs: readonly StageRun[], executor: Executor) {
    await this.#finish(node, { runs, executor, wait: true })
    return this.#tables.standing(node, STANDING_SPLIT_BYTES)
  }

  /**
   * Shards, staging, audits, and last of all what readers see; `ready` is asked before that. A preview
   * ends before all of it.
   */
  async publish(
    runs: readonly StageRun[],
    executor: Executor,
    ready: () => Promise<void> = async () => {},
  ): Promise<void> {
    if (this.#preview) return this.#tables.abandon()
    for (const node of this.#writes)
      this.written.push(await this.#finish(node, { runs, executor, wait: false }))
    await this.#sending.settled()
    await this.#tables.staged()
    await ready()
    const begun = () => {
      this.visible = true
    }
    this.receipts.push(...(await this.#tables.publish(begun)))
    begun()
    this.#tellUsage()
    this.#committing = true
    const places = [...this.#places.values()]
    await all(places, place => place.commit())
    await all(places, place => place.end())
    this.#journal?.end()
  }

  /** What loads used of their warehouses' limits goes into their reports; of little that is left, a warning. */
  #tellUsage(): void {
    for (const [i, node] of this.#writes.entries()) {
      const { loadJobs, usage, table } = this.#tables.published.get(node) ?? {}
      const more = { ...(loadJobs ? { loadJobs } : {}), ...(usage ? { usage } : {}) }
      this.written[i] = { ...(this.written[i] as OutputReport), ...more }
      for (const u of usage ?? [])
        if (isNear(u)) this.#warn(`warning: table ${table}: ${usageText(u)}: ${u.hint}`)
    }
  }

  /** Shards on their way need not arrive; what is being committed goes on. */
  stop(reason: unknown): void {
    if (!this.#committing) this.#sending.stop(reason)
  }

  /** A write's shards, in their places; a table's also in staging. Once for each write. */
  async #finish(
    node: Node<'write'>,
    o: { runs: readonly StageRun[]; executor: Executor; wait: boolean },
  ): Promise<OutputReport> {
    const { runs, executor, wait } = o
    const known = this.#finished.get(node)
    if (known) return known
    // In the order of the plan: which stage was opened first depends on which others were faster.
    const inOrder = runs.toSorted((a, b) => a.stage.id - b.stage.id)
    const fragments = inOrder.flatMap(run => run.results.flatMap(r => r?.fragments ?? []))
    const mine = fragments.filter(f => f.node === node.id)
    const { sink } = node.op
    const isTable = sink.sink === 'table'
    const shards = shardsOf(node, mine, sinkOf(node, this.#settings.scratch).options)
    const output = this.#places.get(node) ?? null
    const { bytes, paths, sums } = await assemble(shards, executor, {
      place: shard => output?.shard(shard.folder, shard.index) ?? this.#staged(node, shard),
      output,
      sending: this.#sending,
      checkpoint: this.#checkpoint,
      checksum: this.checksums && !isTable,
    })
    const rows = mine.reduce((sum, f) => sum + f.fragment.rows, 0)
    const checksum =
      sums.length === shards.length && sums.length > 0 ? { checksum: checksumOf(sums) } : {}
    const report = { uri: sink.uri, rows, bytes, files: paths.length, ...checksum }
    if (isTable) await this.#tables.stage({ node, files: paths, rows }, { wait })
    const made = isTable ? { ...report, table: sink.table } : report
    this.#finished.set(node, made)
    return made
  }

  /** Where a table's shard is built; made when its turn comes, as there may be very many. */
  async #staged(node: Node<'write'>, { index }: Shard): Promise<ShardPlace> {
    const staging = join(this.#settings.scratch, `table-${node.id}`)
    await mkdir(staging, { recursive: true })
    const path = join(staging, `part-${String(index).padStart(5, '0')}.parquet`)
    return { path, target: path }
  }

  async abandon(): Promise<void> {
    // Nothing was begun, and the folders may be those of a run that is at work.
    if (this.#journal === null) return
    await all(this.#begun, place => place.abandon())
    if (!this.#resuming && !this.#committing) this.#journal?.end()
  }

  close(): Promise<void> {
    return this.#tables.close()
  }

  get plan(): Plan {
    return this.#plan
  }
}

/** Shards are built in as many lanes as there are workers, and sent while others are built. */
async function assemble(
  shards: readonly Shard[],
  executor: Executor,
  o: {
    place: (shard: Shard) => Promise<ShardPlace>
    output: OutputPlace | null
    sending: Sending
    checkpoint: Checkpoint | null
    checksum: boolean
  },
): Promise<{ bytes: number; paths: string[]; sums: SummedFile[] }> {
  const { output, sending, checkpoint, checksum } = o
  const paths: string[] = []
  const sums: SummedFile[] = []
  let bytes = 0
  let next = 0
  const lane = async () => {
    while (next < shards.length) {
      const i = next++
      const shard = shards[i] as Shard
      const place = await o.place(shard)
      paths[i] = place.path
      const { fragments } = shard
      const rows = fragments.reduce((sum, f) => sum + f.rows, 0)
      const before = checkpoint?.sent(place.path, fragments) ?? null
      if (before !== null && (await output?.adopt({ ...place, rows, ...before }, before.token))) {
        checkpoint?.shardAdopted()
        bytes += before.bytes
        continue
      }
      // Not `bytes += await …`: that would add to what bytes was before another lane's file.
      const { size, crc32 } = await built(shard, place.path, { executor, checkpoint, checksum })
      bytes += size
      const name = `${shard.folder}/${shard.index}`
      if (crc32 !== undefined) sums[i] = { name, bytes: size, crc32 }
      if (output === null) continue
      await sending.add(async () => {
        const token = await output.send({ ...place, rows, bytes: size })
        if (token !== null) checkpoint?.shardSent(place.path, size, token)
      })
    }
  }
  await Promise.all(Array.from({ length: Math.min(executor.concurrency, shards.length) }, lane))
  // Of a file that a dead run had sent, none is known, and none of the whole then.
  return { bytes, paths, sums: sums.filter(sum => sum !== undefined) }
}

/** The shard's file: its bytes, and its checksum where that is wanted. */
async function built(
  { node, fragments }: Shard,
  path: string,
  o: { executor: Executor; checkpoint: Checkpoint | null; checksum: boolean },
): Promise<{ size: number; crc32?: number }> {
  const { executor, checkpoint, checksum } = o
  const made = checkpoint?.shard(path, fragments) ?? -1
  if (made >= 0) return checksum ? { size: made, crc32: await crc32Of(path) } : { size: made }
  const { crc32 } = await executor.assemble({ node: node.id, fragments, path, checksum })
  const { size } = await stat(path)
  checkpoint?.shardMade(path, size)
  return crc32 === undefined ? { size } : { size, crc32 }
}

/** Each on its way at once; all have ended when the first failure is thrown. */
async function all<T, R>(list: readonly T[], act: (one: T) => Promise<R>): Promise<R[]> {
  const ended = await Promise.allSettled(list.map(act))
  const failed = ended.find(e => e.status === 'rejected')
  if (failed) throw failed.reason
  return ended.map(e => (e as PromiseFulfilledResult<R>).value)
}
