/**
 * Whose a scratch folder is: `owner-1` names the process that made it, `owner-2` the one that resumed
 * it, and so on; the last one counts. Making the file fails where another process was faster: of two
 * that resume the same run, one does.
 */
import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { PlaceOwner } from '../../io/output-place.ts'
import { startOf } from './process-start.ts'

export interface Owner {
  /** 0: its run has ended. */
  readonly process: number
  /** As `startOf` says. */
  readonly started: string
  readonly host: string
  /** The system's own run, which ends when the machine stops; empty where it is not known. */
  readonly boot: string
  /** Which numbering of processes the number is of: a container has its own. */
  readonly space: string
}

const NAME = /^owner-(\d+)$/

export const isOwnerFile = (name: string): boolean => NAME.test(name)

let known: Owner | null = null

export function thisProcess(): Owner {
  known ??= {
    process: process.pid,
    started: startOf(process.pid) ?? '',
    host: hostname(),
    boot: bootOf(),
    space: spaceOf(),
  }
  return known
}

/** Makes this process the folder's owner, after its `last` one. False: another process was faster. */
export function own(folder: string, last = 0): boolean {
  try {
    const path = join(folder, `owner-${last + 1}`)
    writeFileSync(path, JSON.stringify(thisProcess()), { mode: 0o600, flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** The run has ended, and what it kept is anyone's of this user: its process may well live on. */
export function disown(folder: string): void {
  const owned = ownerOf(folder)
  if (owned === null) return
  const { owner, number } = owned
  writeFileSync(join(folder, `owner-${number}`), JSON.stringify({ ...owner, process: 0 }))
}

/** The folder's owner and its number; null where it has none, or is not this user's. */
export function ownerOf(folder: string): { readonly owner: Owner; readonly number: number } | null {
  try {
    if (process.getuid && statSync(folder).uid !== process.getuid()) return null
    const numbers = readdirSync(folder).map(name => Number(NAME.exec(name)?.[1] ?? 0))
    const number = Math.max(0, ...numbers)
    if (number === 0) return null
    const text = readFileSync(join(folder, `owner-${number}`), 'utf8')
    return { owner: JSON.parse(text) as Owner, number }
  } catch (error) {
    // It is gone meanwhile, just being written, or nothing that a run of ours wrote.
    if (error instanceof SyntaxError || 'code' in (error as NodeJS.ErrnoException)) return null
    throw error
  }
}

/** Whether the process lives; one of another host cannot be asked. */
export const isAlive = ({ process: pid, started, host }: Owner): boolean =>
  pid > 0 && host === hostname() && startOf(pid) === started

/** As `isAlive`; null where it cannot be told from this machine, or from within this container. */
export function lives(owner: PlaceOwner): boolean | null {
  if (owner.process === 0) return false
  const own = thisProcess()
  if (owner.host !== own.host) return null
  if (owner.boot !== own.boot) return owner.boot === '' || own.boot === '' ? null : false
  if ((owner.space ?? own.space) !== own.space) return null
  return startOf(owner.process) === owner.started
}

/** Of this machine, and of this container of it. */
export const isLocal = ({ host, space = thisProcess().space }: PlaceOwner): boolean =>
  host === hostname() && space === thisProcess().space

export function bootOf(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch (error) {
    // Only Linux says it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** As Linux names it; one for all elsewhere. */
function spaceOf(): string {
  if (process.platform !== 'linux') return ''
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch (error) {
    // A system that hides it has one container a machine, as far as can be told.
    if ('code' in (error as NodeJS.ErrnoException)) return ''
    throw error
  }
}
