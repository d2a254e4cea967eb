/**
 * The output folder of a file sink, from first check to commit. Fragments and shards are built in a
 * private folder beside the output (`.sales.millrace-3f2a…`, files ending in `.part`), and become
 * visible by renaming that folder: readers see all of a sink's files, or none.
 *
 *     prepare   refuses an output that exists, clears what a dead run of the same key left
 *     shard     where a shard is built
 *     commit    names the shards, swaps the folder in
 *     abandon   removes the private folder
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { makeFolder } from '../io/folder.ts'
import type { OutputPlace, ShardPlace } from '../io/output-place.ts'
import type { FileSink } from '../io/sink.ts'
import { Fault } from '../fault.ts'
import type { Node } from '../plan/node.ts'

const PART = '.part'

export class OutputFolder implements OutputPlace {
  readonly node: Node<'write'>
  readonly target: string
  readonly #sink: FileSink
  readonly #overwrite: boolean
  readonly #staging: string
  readonly #old: string

  constructor(node: Node<'write'>, sink: FileSink, o: { key: string; overwrite: boolean }) {
    this.node = node
    this.#sink = sink
    this.target = resolve(sink.uri)
    const beside = join(
      dirname(this.target),
      `.${basename(this.target)}.millrace-${o.key.slice(0, 12)}`,
    )
    this.#overwrite = o.overwrite || sink.options.overwrite
    this.#staging = beside
    this.#old = `${beside}.old`
  }

  /** Throws pipeline: what the run reads lies in the folder that it would replace. */
  refuseInputs(inputs: readonly { readonly uri: string }[]): void {
    const inside = inputs.find(({ uri }) => resolve(uri).startsWith(this.target + sep))
    if (inside === undefined) return
    throw new Fault('pipeline', `output ${this.#sink.uri} holds the input ${inside.uri}`, {
      at: this.node.at,
      hint: 'an output folder is replaced as a whole: write to another one',
    })
  }

  /** The run's journal marks it (`journal.ts`). */
  async begin(): Promise<boolean> {
    return false
  }

  /**
   * `unfinished`: what stands there may be a dead run's of the same key, to be completed; `keep`: its
   * shards that are made already stay. Throws pipeline: the output exists and may not be replaced.
   */
  async prepare(unfinished: boolean, keep: boolean): Promise<void> {
    if (existsSync(this.#old)) await this.#restore()
    if (statSync(this.target, { throwIfNoEntry: false })?.isDirectory() === false)
      throw new Fault('pipeline', `output ${this.#sink.uri} is a file`, {
        at: this.node.at,
        hint: 'an output is a folder: give it a name of its own',
      })
    if (!unfinished) this.refuseStanding()
    if (!keep) await rm(this.#staging, { recursive: true, force: true })
    makeFolder(this.#staging)
  }

  /** Throws pipeline: the output exists and may not be replaced. */
  refuseStanding(): void {
    const there = statSync(this.target, { throwIfNoEntry: false })?.isDirectory() === true
    if (there && !this.#overwrite && readdirSync(this.target).length > 0)
      throw new Fault('pipeline', `output ${this.#sink.uri} exists`, {
        at: this.node.at,
        hint: 'write to another folder, or replace it with --overwrite (overwrite: true)',
      })
  }

  /** A run that died between its two renames: the old output comes back, or goes if the new one stands. */
  async #restore(): Promise<void> {
    if (existsSync(this.target)) await rm(this.#old, { recursive: true, force: true })
    else await rename(this.#old, this.target)
  }

  async shard(folder: string, index: number): Promise<ShardPlace> {
    const name = `part-${String(index).padStart(5, '0')}${this.#sink.extension}`
    await mkdir(join(this.#staging, folder), { recursive: true })
    return {
      path: join(this.#staging, folder, name + PART),
      target: join(this.target, folder, name),
    }
  }

  async send(): Promise<null> {
    return null
  }

  async adopt(): Promise<boolean> {
    return false
  }

  async commit(): Promise<void> {
    await named(this.#staging)
    if (existsSync(this.target)) await rename(this.target, this.#old)
    await rename(this.#staging, this.target)
    await rm(this.#old, { recursive: true, force: true })
  }

  async end(): Promise<void> {}

  async abandon(): Promise<void> {
    await rm(this.#staging, { recursive: true, force: true })
  }
}

/** Takes the `.part` off all names in a folder; one folder at a time, as there may be very many. */
async function named(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await named(path)
    else if (path.endsWith(PART)) await rename(path, path.slice(0, -PART.length))
  }
}
