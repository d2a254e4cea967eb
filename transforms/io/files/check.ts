/** `millrace check` of a local path: the files that a run would read there, or the folder that it would write to. */
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmdirSync,
  statSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Fault } from '../../../engine/fault.ts'
import type { CheckReport, Missing } from '../../../engine/io/check.ts'
import { listFiles, pathOf } from './list.ts'

const MAGIC = /[*?{[]/

/**
 * Lists what is there and reads the first bytes of the first file; makes a folder in a folder, and
 * removes it. Throws pipeline: not a local path.
 */
export async function checkFiles(uri: string): Promise<CheckReport> {
  const path = pathOf(uri)
  const passed: string[] = []
  const missing: Missing[] = []
  const tried = (what: string, hint: string, attempt: () => string): void => {
    try {
      passed.push(attempt())
    } catch (error) {
      const { message } = error as Error
      const own = error instanceof Fault ? error.hint : undefined
      missing.push({ what, answered: message, hint: own ?? hint })
    }
  }
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  const isThere = existsSync(path)
  const isEmpty = isFolder && !hasFiles(path)
  if (isThere || MAGIC.test(path)) {
    if (isEmpty) passed.push('no file lies in it: nothing to read, an output may go there')
    else tried('files to read', 'check the path and the rights of its files', () => readable(path))
  }
  if (isFolder)
    tried('write into the folder', 'give this user the right to write there', () => writable(path))
  if (!isThere && !MAGIC.test(path))
    tried('make the folder', 'give a path that this user may write to', () => makeable(path))
  return { system: 'local files', resource: resolve(path), passed, missing }
}

function hasFiles(path: string): boolean {
  try {
    return listFiles(path).length > 0
  } catch (error) {
    if (error instanceof Fault && error.kind === 'data') return false
    throw error
  }
}

function readable(path: string): string {
  const files = listFiles(path)
  const [first] = files
  const file = openSync((first as (typeof files)[number]).path, 'r')
  try {
    readSync(file, Buffer.alloc(16))
  } finally {
    closeSync(file)
  }
  const bytes = files.reduce((sum, f) => sum + f.bytes, 0)
  return `read ${files.length} ${files.length === 1 ? 'file' : 'files'} of ${bytes} bytes in all`
}

function writable(path: string): string {
  rmdirSync(mkdtempSync(join(path, '.millrace-check-')))
  return 'write into the folder'
}

/** Of what does not exist the nearest folder above it decides. */
function makeable(path: string): string {
  let above = dirname(resolve(path))
  while (!existsSync(above)) above = dirname(above)
  if (!statSync(above).isDirectory()) throw new Error(`${above} is a file`)
  writable(above)
  return `make it, as an output: nothing is there yet, and ${above} may be written to`
}
