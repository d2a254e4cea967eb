/** An error of the file system as a fault: which folder it was, how much room is there, what to do. */
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { Fault, SYSTEM_HINTS } from '../fault.ts'

const FULL = new Set(['ENOSPC', 'EDQUOT'])
const FREE = 'free some space'
/** A run's scratch folder, by its name (`scratchOf`). */
const SCRATCH = /\/millrace-[0-9a-f]{16}(?:\/|$)/

/** `doing`: what could not be done with the file at `path`, `written` or `read`. A fault stays as it is; `scratch`: it is a file of the run's own. */
export function diskFault(
  error: unknown,
  path: string,
  doing: 'written' | 'read',
  scratch = SCRATCH.test(path),
): Fault {
  if (error instanceof Fault) return error
  const { code = 'an error', message = String(error) } = error as NodeJS.ErrnoException
  const folder = dirname(path)
  const said = { detail: [`said  ${message}`, ...roomOf(folder)], cause: error }
  const elsewhere = scratch
    ? 'choose another folder with --scratch FOLDER, or give more --memory'
    : 'write to a folder on another disk'
  const what = scratch ? 'spill' : 'output'
  if (FULL.has(code))
    return new Fault('resource', `the disk of the ${what} folder ${folder} is full (${code})`, {
      ...said,
      hint: `${FREE}, ${elsewhere}`,
    })
  const hint =
    code === 'EFBIG'
      ? 'files may not be as large as that: raise the limit (ulimit -f)'
      : (SYSTEM_HINTS[code] ?? `check the disk and the rights of ${folder}, or ${elsewhere}`)
  const file = scratch ? 'spill file' : 'file'
  return new Fault('resource', `${file} ${path} cannot be ${doing} (${code})`, { ...said, hint })
}

/** The room of the folder's disk, where the system says it. */
function roomOf(folder: string): string[] {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder)
    const mb = (count: number) => `${((count * bsize) / 1e6).toFixed(1)} MB`
    return [`free  ${mb(bavail)} of ${mb(blocks)}`]
  } catch {
    // The folder is gone, or the system has no such call: then it is not known.
    return []
  }
}
