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
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { FileSink } from '../io/sink.ts'
import { Fault } from '../fault.ts'
import type { Node } from '../plan/node.ts'

const PART = '.part'

export interface ShardPlace {
  /** Where it is built. */
  readonly path: string
  /** Where readers will find it. */
  readonly target: string
}

export class OutputFolder {
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

  /** `unfinished`: what stands there may be a dead run's of the same key, to be completed. Throws pipeline: the output exists and may not be replaced. */
  async prepare(unfinished: boolean): Promise<void> {
    if (existsSync(this.#old)) await this.#restore()
    const replace = this.#overwrite || unfinished
    if (existsSync(this.target) && !replace && (await readdir(this.target)).length > 0)
      throw new Fault('pipeline', `output ${this.#sink.uri} exists`, {
        at: this.node.at,
        hint: 'write to another folder, or replace it with --overwrite (overwrite: true)',
      })
    await rm(this.#staging, { recursive: true, force: true })
    await mkdir(this.#staging, { recursive: true })
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

  async commit(): Promise<void> {
    for (const entry of await readdir(this.#staging, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(PART)) continue
      const path = join(entry.parentPath, entry.name)
      await rename(path, path.slice(0, -PART.length))
    }
    if (existsSync(this.target)) await rename(this.target, this.#old)
    await rename(this.#staging, this.target)
    await rm(this.#old, { recursive: true, force: true })
  }

  async abandon(): Promise<void> {
    await rm(this.#staging, { recursive: true, force: true })
  }
}

/** A partition value as a Hive folder's name: `%`-escapes whatever could leave the folder or confuse a reader. */
export function hiveName(column: string, value: string | null): string {
  const text = value === null ? '__HIVE_DEFAULT_PARTITION__' : value === '' ? '%00' : value
  return `${escaped(column)}=${value === null ? text : escaped(text)}`
}

function escaped(text: string): string {
  let out = ''
  for (const char of text) {
    const plain = /^[\p{L}\p{N} _.,+()@~!$&;-]$/u.test(char)
    out += plain
      ? char
      : [...Buffer.from(char)]
          .map(b => `%${b.toString(16).toUpperCase().padStart(2, '0')}`)
          .join('')
  }
  return /^\.+$/.test(out) ? out.replaceAll('.', '%2E') : out
}
