/**
 * Makes a folder with all that is missing above it. One by one: Node's recursive `mkdir` turns in
 * circles for ever where a parent can be listed and not be written to, as under /proc.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Fault, SYSTEM_HINTS } from '../fault.ts'

/** `mode` is the folder's own. Throws resource: it cannot be made. */
export function makeFolder(path: string, mode = 0o777): void {
  const folder = resolve(path)
  const missing: string[] = []
  for (let at = folder; !existsSync(at); at = dirname(at)) missing.push(at)
  for (const at of missing.reverse()) {
    try {
      mkdirSync(at, at === folder ? { mode } : {})
    } catch (cause) {
      const { code = '', message } = cause as NodeJS.ErrnoException
      if (code === 'EEXIST') continue
      throw new Fault('resource', `folder ${path} cannot be made: ${message}`, {
        cause,
        hint: SYSTEM_HINTS[code] ?? 'give a path that this user may write to',
      })
    }
  }
}
