/**
 * The mark of an unfinished run: a small file beside its first output, named by what the run is (plan,
 * parameters, inputs), from its start until all its outputs are visible. A run that finds its own mark
 * completes what a dead one began, and may replace the outputs that it had already made visible.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export class Journal {
  readonly #path: string | null

  constructor(
    targets: readonly string[],
    fingerprint: string,
    inputs: readonly { uri: string; bytes: number; version: string }[],
  ) {
    const [first] = targets
    const hash = createHash('sha256').update(JSON.stringify([fingerprint, targets, inputs]))
    const key = hash.digest('hex').slice(0, 16)
    this.#path = first === undefined ? null : join(dirname(first), `.millrace-${key}.unfinished`)
  }

  /** Marks the run as begun; true where a run of the same key had begun and not ended. */
  begin(): boolean {
    if (this.#path === null) return false
    const unfinished = existsSync(this.#path)
    mkdirSync(dirname(this.#path), { recursive: true })
    writeFileSync(this.#path, `begun ${new Date().toISOString()} by process ${process.pid}\n`)
    return unfinished
  }

  /** All outputs are visible, or nothing of the run is. */
  end(): void {
    if (this.#path !== null) rmSync(this.#path, { force: true })
  }
}
