/**
 * Files that many small runs share. Opening and removing a file costs as much as writing tens of
 * kilobytes, and a partition that is split makes many small parts: with a file each, nine tenths of the
 * time of a run that spilled much went there. A file takes runs until it is large enough, stays open
 * while it is read, and is removed once each of its runs was.
 */
import type { SpillFile } from './spill-file.ts'

/** A file that has so much takes no new runs. */
const FILE_BYTES = 16 << 20
/** Files held open; others are opened again when they are read. */
const OPEN_MAX = 16

interface Shared {
  readonly file: SpillFile
  /** Runs in it that may still be read. */
  runs: number
}

export class SmallRuns {
  readonly #newFile: () => SpillFile
  readonly #files = new Map<string, Shared>()
  #current: Shared | null = null

  constructor(newFile: () => SpillFile) {
    this.#newFile = newFile
  }

  /** The file for a new run, which must be given back with `release`. */
  take(): SpillFile {
    if (this.#current === null || this.#current.file.bytes >= FILE_BYTES) this.#next()
    const shared = this.#current as Shared
    shared.runs++
    return shared.file
  }

  /** A run of this file will not be read again. */
  release(file: SpillFile): void {
    const shared = this.#files.get(file.path)
    if (shared === undefined || --shared.runs > 0 || shared === this.#current) return
    file.remove()
    this.#files.delete(file.path)
  }

  #next(): void {
    const last = this.#current
    this.#current = { file: this.#newFile(), runs: 0 }
    this.#files.set(this.#current.file.path, this.#current)
    if (last?.runs === 0) {
      last.file.remove()
      this.#files.delete(last.file.path)
    }
    const idle = [...this.#files.values()].slice(0, -OPEN_MAX)
    for (const { file } of idle) file.close()
  }
}
