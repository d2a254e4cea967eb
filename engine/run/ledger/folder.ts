/**
 * The run ledger in a local folder, this user's alone. A value that is only ever put is a file, made
 * whole beside its place and renamed. One that is swapped is a folder of numbered versions, the highest
 * of which counts: a version is a file made whole and then linked to its number, which fails where
 * another process was faster, so no lock is needed that a dead process could keep. The highest versions
 * are never removed, so one that was linked to a number that is free again is seen to be none.
 *
 *     runs/shop/2026-11-21t10.00.12.345z-3f2a….json
 *     series/shop/9c41….json/000017
 */
import {
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault, SYSTEM_HINTS } from '../../fault.ts'
import { makeFolder } from '../../io/folder.ts'
import type { KeptValue, KeyValues } from '../../io/ledger.ts'
import { randomName } from '../random-name.ts'

/** Behind the highest. Of a number within them it is known that it had not been used before. */
const VERSIONS_KEPT = 32
const DIGITS = 6
const NAME = /^(?:[a-z0-9._~-]{1,250}\/)*[a-z0-9._~-]{1,250}\.json$/
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR'])
/** Where values are made; what a dead process left there goes after a while. */
const MAKING = 'making'
const LEFT_MS = 600_000

export class LedgerFolder implements KeyValues {
  readonly uri: string
  #made = false

  constructor(folder: string) {
    this.uri = folder
  }

  async get(name: string): Promise<KeptValue | null> {
    const path = this.#path(name)
    try {
      return { bytes: await readFile(path), version: '' }
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (NOT_THERE.has(code)) return null
      if (code !== 'EISDIR') throw this.#fault(error, 'read')
    }
    return this.#newest(path)
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(name)
    try {
      await this.#folder(dirname(path))
      await rename(await this.#make(bytes), path)
    } catch (error) {
      throw this.#fault(error, 'written')
    }
  }

  async swap(name: string, bytes: Uint8Array, over: string | null): Promise<string | null> {
    const folder = this.#path(name)
    const number = Number(over ?? 0) + 1
    try {
      await this.#folder(folder)
      const path = join(folder, String(number).padStart(DIGITS, '0'))
      const temporary = await this.#make(bytes)
      const linked = await link(temporary, path).then(
        () => true,
        error => {
          if (error.code === 'EEXIST') return false
          throw error
        },
      )
      await unlink(temporary)
      if (!linked) return null
      await flushed(folder)
      return (await this.#outdated(folder, number)) ? null : String(number)
    } catch (error) {
      throw this.#fault(error, 'written')
    }
  }

  async *list(prefix: string): AsyncIterable<readonly string[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    const start = prefix.slice(folder.length)
    try {
      yield* this.#listed(folder, start)
    } catch (error) {
      throw this.#fault(error, 'read')
    }
  }

  async *#listed(folder: string, start: string): AsyncIterable<readonly string[]> {
    const entries = await readdir(join(this.uri, folder)).catch(error => {
      if (NOT_THERE.has(error.code)) return []
      throw error
    })
    const names = entries.filter(name => name.startsWith(start)).sort()
    const values = names.filter(name => NAME.test(folder + name))
    if (values.length > 0) yield values.map(name => folder + name)
    for (const name of names)
      if (!name.includes('.json') && !name.startsWith('.'))
        yield* this.#listed(`${folder}${name}/`, '')
  }

  async #newest(folder: string): Promise<KeptValue | null> {
    for (;;) {
      const number = (await numbersIn(folder)).at(-1)
      if (number === undefined) return null
      const path = join(folder, String(number).padStart(DIGITS, '0'))
      try {
        return { bytes: await readFile(path), version: String(number) }
      } catch (error) {
        // So many newer ones were written meanwhile that it was removed.
        if (!NOT_THERE.has((error as NodeJS.ErrnoException).code ?? ''))
          throw this.#fault(error, 'read')
      }
    }
  }

  /**
   * Whether the number had been used and was free again; removes versions that nobody reads any more. A
   * writer that is overtaken by so many within a moment is told the same, and takes it for a loss.
   */
  async #outdated(folder: string, number: number): Promise<boolean> {
    const numbers = await numbersIn(folder)
    const last = (numbers.at(-1) ?? 0) - VERSIONS_KEPT
    for (const n of numbers)
      if (n <= last) await unlink(join(folder, String(n).padStart(DIGITS, '0'))).catch(ignoreGone)
    return number <= last
  }

  /** The ledger's own folder keeps itself out of a repository that it lies in. */
  async #folder(path: string): Promise<void> {
    if (!this.#made) {
      makeFolder(this.uri, 0o700)
      const own = { flag: 'wx', mode: 0o600 }
      await writeFile(join(this.uri, '.gitignore'), '*\n', own).catch(error => {
        if (error.code !== 'EEXIST') throw error
      })
      await mkdir(join(this.uri, MAKING), { recursive: true, mode: 0o700 })
      await this.#sweep()
      this.#made = true
    }
    await mkdir(path, { recursive: true, mode: 0o700 })
  }

  async #sweep(): Promise<void> {
    for (const name of await readdir(join(this.uri, MAKING))) {
      const path = join(this.uri, MAKING, name)
      const found = await stat(path).catch(ignoreGone)
      if (found && Date.now() - found.mtimeMs > LEFT_MS) await unlink(path).catch(ignoreGone)
    }
  }

  /** A file of these bytes, on the disk and under a name that no reader takes. */
  async #make(bytes: Uint8Array): Promise<string> {
    const path = join(this.uri, MAKING, randomName())
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.datasync()
    } finally {
      await file.close()
    }
    return path
  }

  #path(name: string): string {
    if (!NAME.test(name) || /(?:^|\/)\.+(?:\/|$)/.test(name))
      throw new Fault('engine', `${JSON.stringify(name)} is no name in the run ledger`)
    return join(this.uri, name)
  }

  #fault(error: unknown, doing: 'read' | 'written'): Fault {
    if (error instanceof Fault) return error
    const { code = 'an error', message } = error as NodeJS.ErrnoException
    return new Fault('resource', `run ledger ${this.uri} cannot be ${doing} (${code})`, {
      detail: [`said  ${message}`],
      hint:
        code === 'EPERM'
          ? 'its file system has no hard links: give another folder or a bucket with --ledger'
          : `${SYSTEM_HINTS[code] ?? 'see to the folder'}, or give another place with --ledger`,
      cause: error,
    })
  }
}

async function flushed(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const file = await open(folder)
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** In their order. */
async function numbersIn(folder: string): Promise<number[]> {
  const names = await readdir(folder)
  return names
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
}

function ignoreGone(error: NodeJS.ErrnoException): undefined {
  if (!NOT_THERE.has(error.code ?? '')) throw error
}
