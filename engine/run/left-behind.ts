/**
 * What dead runs left in a local folder and beside it: folders of shards that were being built, an output
 * that was moved aside to be replaced, and marks of unfinished runs (`run-files.ts`, `journal.ts`). Where
 * a run whose mark lies there is at work, all of it is left alone.
 */
import { type Dirent, existsSync, lstatSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { LeftBehind, LeftoverSearch } from '../io/leftover.ts'
import { MARK, ownerIn } from './journal.ts'

const BUILT = /^\.(.+)\.millrace-[0-9a-f]{12}(\.old)?$/

/** `path`: an output folder, or one that holds outputs; what is missing has nothing. */
export function leftBehindAt(path: string, o: LeftoverSearch): LeftBehind[] {
  const folder = resolve(path)
  const name = basename(folder)
  const beside = found(dirname(folder), o).filter(
    ({ output }) => output === null || output === name,
  )
  return [...beside, ...found(folder, o)].map(({ left }) => left).filter(l => l.begun < o.before)
}

interface Found {
  /** The output's name; null: a mark, which says none. */
  readonly output: string | null
  readonly left: LeftBehind
}

function found(folder: string, { isAlive, busy }: LeftoverSearch): Found[] {
  const entries = entriesOf(folder)
  const marks = entries.filter(e => MARK.test(e.name)).map(e => join(folder, e.name))
  const atWork = marks.some(mark => isAlive(ownerIn(readFileSync(mark, 'utf8'))) === true)
  if (atWork) {
    busy(folder)
    return []
  }
  const built = entries.flatMap(entry => {
    const [, output = '', old] = BUILT.exec(entry.name) ?? []
    if (output === '' || !entry.isDirectory()) return []
    const path = join(folder, entry.name)
    const left = old ? aside(path, join(folder, output)) : leftAt(path, 'files being built')
    return [{ output, left }]
  })
  return [...built, ...marks.map(mark => ({ output: null, left: leftAt(mark, 'mark of a run') }))]
}

function entriesOf(folder: string): Dirent[] {
  return existsSync(folder) && lstatSync(folder).isDirectory()
    ? readdirSync(folder, { withFileTypes: true })
    : []
}

/** An output that was moved aside: it comes back where no other has taken its place. */
function aside(path: string, target: string): LeftBehind {
  if (existsSync(target)) return leftAt(path, 'output that was replaced')
  const left = leftAt(path, 'output moved aside, to be given back')
  return { ...left, remove: async () => renameSync(path, target) }
}

function leftAt(path: string, what: string): LeftBehind {
  const { mtimeMs } = lstatSync(path)
  const remove = () => rm(path, { recursive: true, force: true })
  return { what, where: path, bytes: bytesOf(path), begun: mtimeMs, remove }
}

function bytesOf(path: string): number {
  const stat = lstatSync(path)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0)
}
