/**
 * A run as it is seen from outside: what it prints, and what happens in its folders. Each happening
 * has a name and a count, so that a moment of it can be found again in another run.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import type { Answer } from '../command.ts'
import { OUTPUTS, type Place } from './place.ts'

export type Happening =
  /** A task has made its folder. */
  | 'computing'
  /** A task's end was written to the log. */
  | 'recorded'
  /** Rows went to disk, as memory had no room. */
  | 'spilling'
  /** Blocks were copied, to be resumed from. */
  | 'keeping'
  /** A task wrote rows of an output. */
  | 'writing'
  /** Files of an output were put together. */
  | 'assembling'
  /** The warehouse wrote. */
  | 'loading'
  | 'publishing'
  /** A folder took its place among the outputs, or left it. */
  | 'committing'
  /** The mark of the unfinished run came or went. */
  | 'marked'

export interface Started {
  readonly child: ChildProcess
  readonly counts: Map<Happening, number>
  readonly startedMs: number
  readonly ended: Promise<Answer>
  close(): void
}

/** Starts a command line in a process group of its own; `hear` is told what happens, as it happens. */
export function startWatched(
  words: readonly string[],
  place: Place,
  hear: (what: Happening, count: number) => void,
): Started {
  const counts = new Map<Happening, number>()
  const told = (what: Happening): void => {
    const count = (counts.get(what) ?? 0) + 1
    counts.set(what, count)
    hear(what, count)
  }
  const watching = new Watching(place, told)
  const [command = '', ...rest] = words
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const text = { out: '', err: '' }
  child.stdout.on('data', data => {
    text.out += data
  })
  child.stderr.on('data', data => {
    if (!text.err.includes('publishing:') && String(data).includes('publishing:'))
      told('publishing')
    text.err += data
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...text }))
  return { child, counts, startedMs: performance.now(), ended, close: () => watching.close() }
}

/** Watches the folders of a run, and those that it makes. */
class Watching {
  readonly #watchers: FSWatcher[] = []
  readonly #known = new Set<string>()
  readonly #tell: (what: Happening) => void

  constructor(place: Place, tell: (what: Happening) => void) {
    this.#tell = tell
    this.#watch(place.scratch, name => {
      if (name.startsWith('millrace-')) this.#scratch(join(place.scratch, name))
    })
    this.#watch(place.output, name => {
      if (name.endsWith('.unfinished')) tell('marked')
      else if ((OUTPUTS as readonly string[]).includes(name)) tell('committing')
      else if (name.startsWith('.')) this.#watch(join(place.output, name), () => tell('assembling'))
    })
    this.#watch(join(place.folder, 'data'), () => tell('loading'))
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close()
  }

  #scratch(folder: string): void {
    this.#watch(folder, name => {
      if (name === 'run.log') this.#tell('recorded')
      else if (name.startsWith('x-')) this.#tell('spilling')
      else if (name.startsWith('c-')) this.#tell('keeping')
      else if (name.startsWith('f-')) this.#tell('writing')
      else if (name.startsWith('table-'))
        this.#watch(join(folder, name), () => this.#tell('assembling'))
      else if (name.startsWith('task-')) this.#task(join(folder, name))
    })
  }

  #task(folder: string): void {
    if (this.#known.has(folder)) return
    this.#tell('computing')
    this.#watch(folder, () => this.#tell('spilling'))
  }

  #watch(folder: string, hear: (name: string) => void): void {
    if (this.#known.has(folder)) return
    this.#known.add(folder)
    // It may be gone already: what was in it is not seen then.
    if (!existsSync(folder)) return
    try {
      const watcher = watch(folder, (_, name) => hear(name ?? ''))
      watcher.on('error', () => watcher.close())
      this.#watchers.push(watcher)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}
