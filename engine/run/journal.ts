/**
 * The mark of an unfinished run: a small file beside its first output, named by what the run is (plan,
 * parameters, inputs), from its start until all its outputs are visible. A run that finds its own mark
 * completes what a dead one began, and may replace the outputs that it had already made visible. The
 * mark says which process it is of: one that lives is not disturbed.
 *
 *     process 4711
 *     started 8812345        its start as the system counts it, where the system says
 *     begun   2026-01-31T12:00:00.000Z
 *     outputs 3f2a91c04d5e6f70     hash of all that it writes
 */
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { sha256 } from '../data/sha256.ts'
import { Fault } from '../fault.ts'
import { makeFolder } from '../io/folder.ts'
import type { PlaceOwner } from '../io/output-place.ts'
import { thisProcess } from './checkpoint/owner.ts'
import { startOf } from './checkpoint/process-start.ts'

/** A mark's name; with a number, that of a process, it is being made. */
export const MARK = /^\.millrace-[0-9a-f]{16}\.unfinished(\.\d+)?$/

/** What a run is: 16 hexadecimal digits of its plan with its parameters, its outputs and its inputs. */
export const runKey = (
  fingerprint: string,
  targets: readonly string[],
  inputs: readonly { uri: string; bytes: number; version: string }[],
): string => sha256(JSON.stringify([fingerprint, targets, inputs])).slice(0, 16)

export class Journal {
  readonly #path: string | null
  readonly #target: string
  readonly #outputs: string

  /** `targets`: local folders, of which the first has the mark beside it; without one there is none. */
  constructor(targets: readonly string[], key: string) {
    const [first] = targets
    this.#target = first ?? ''
    this.#outputs = sha256(JSON.stringify(targets)).slice(0, 16)
    this.#path = first === undefined ? null : join(dirname(first), `.millrace-${key}.unfinished`)
  }

  /**
   * Marks the run as begun; true where a run of the same key had begun and not ended. `retaken`: it
   * completes one that may have read something else, whose mark goes. `refuse` is asked before a new mark
   * is made: a rerun takes a mark for leave to replace what stands.
   *
   * Throws  resource: that run is still at work; what `refuse` throws
   */
  begin(retaken = false, refuse: () => void = () => {}): boolean {
    if (this.#path === null) return false
    let mark = textOf(this.#path)
    this.#refuseLiving(mark)
    if (mark === null && !retaken) refuse()
    makeFolder(dirname(this.#path))
    // Of two that begin at once one makes the mark.
    if (mark === null && !made(this.#path, this.#text())) {
      mark = textOf(this.#path)
      this.#refuseLiving(mark)
    }
    if (mark !== null) writeFileSync(this.#path, this.#text())
    this.#removeDead(this.#path, retaken)
    return mark !== null
  }

  #refuseLiving(mark: string | null): void {
    const { pid, started } = processIn(mark ?? '')
    if (pid === process.pid || pid <= 0 || startOf(pid) !== started) return
    throw new Fault('resource', `output ${this.#target} is being written by process ${pid}`, {
      detail: [`mark  ${this.#path}`],
      hint: 'the same run is at work already: wait until it has ended',
    })
  }

  #text(): string {
    const lines = [`process ${process.pid}`, `started ${startOf(process.pid)}`]
    const more = [`begun   ${new Date().toISOString()}`, `outputs ${this.#outputs}`]
    return `${[...lines, ...more].join('\n')}\n`
  }

  /** What processes left that died as they made a mark; with `marks` also those of runs that wrote the same outputs. */
  #removeDead(own: string, marks: boolean): void {
    for (const name of readdirSync(dirname(own))) {
      const path = join(dirname(own), name)
      const [, making = ''] = MARK.exec(name) ?? []
      if (!MARK.test(name) || path === own || (making === '' && !marks)) continue
      const mark = textOf(path) ?? ''
      const { pid, started } = processIn(mark)
      // It may have died before it had written which process it is.
      const alive =
        pid > 0 ? startOf(pid) === started : making !== '' && startOf(+making.slice(1)) !== null
      const same = mark.includes(`outputs ${this.#outputs}`) || name === basename(own) + making
      if (same && !alive) rmSync(path, { force: true })
    }
  }

  /** All outputs are visible, or nothing of the run is. */
  end(): void {
    if (this.#path !== null) rmSync(this.#path, { force: true })
  }
}

/** A whole file where there is none, at once; false: there is one. */
function made(path: string, text: string): boolean {
  const beside = `${path}.${process.pid}`
  writeFileSync(beside, text)
  try {
    linkSync(beside, path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (!NO_LINKS.has(code ?? '')) throw error
    renameSync(beside, path)
    return true
  } finally {
    rmSync(beside, { force: true })
  }
}

/** A file system without hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'])

function processIn(mark: string): { readonly pid: number; readonly started: string } {
  const pid = Number(/^process (\d+)$/m.exec(mark)?.[1] ?? 0)
  return { pid, started: /^started (\S*)$/m.exec(mark)?.[1] ?? '' }
}

/** Whose a mark is, by its text; a folder is of this machine. */
export function ownerIn(mark: string): PlaceOwner {
  const { pid, started } = processIn(mark)
  return { ...thisProcess(), process: pid, started }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
