/**
 * The scratch folder from its making to its end. A process may be killed in the midst of either, and
 * what it leaves must still be known for what it is: a folder without an owner is an empty one, which
 * anybody may take away.
 */
import { readdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../../io/folder.ts'
import { isOwnerFile, own } from './owner.ts'
import { LOG } from './records.ts'

const ATTEMPTS_MAX = 3

/** Throws resource: it cannot be made. */
export function makeScratch(folder: string): void {
  for (let attempt = 1; ; attempt++) {
    makeFolder(folder, 0o700)
    try {
      own(folder)
      return
    } catch (error) {
      // Another run took it for one that was left.
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' || attempt === ATTEMPTS_MAX) throw error
    }
  }
}

/** Removes the log first, so that nobody resumes from what is half gone, and the owners last. */
export function removeScratch(folder: string): void {
  rmSync(join(folder, LOG), { force: true })
  const names = namesIn(folder)
  for (const name of names.filter(n => !isOwnerFile(n)))
    rmSync(join(folder, name), { recursive: true, force: true })
  for (const name of names.filter(isOwnerFile)) rmSync(join(folder, name), { force: true })
  removeEmpty(folder)
}

/** Leaves a folder that is not empty, is gone, or is another user's. */
export function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EPERM', 'EACCES'].includes(code)) throw error
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
