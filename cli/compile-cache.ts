/**
 * Compiled code, and the JavaScript that is left of TypeScript modules, are kept from run to run in a
 * folder that is the user's alone: Node's own choice, one under the system's temporary folder, is one
 * that others may have made, with code of theirs in it. Without it each thread compiles the engine
 * anew and loads the compiler that strips types: 0.2 s of CPU in a run with two workers.
 */
import { lstatSync, mkdirSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * Keeps compiled code for this process, its threads and its children (by NODE_COMPILE_CACHE, which a
 * user's own setting overrides, as NODE_DISABLE_COMPILE_CACHE does). For what is built: sources that
 * run as they are, as in tests, start past it and keep nothing.
 */
export function useCompileCache(): void {
  const { env } = process
  if (env['NODE_DISABLE_COMPILE_CACHE'] ?? env['NODE_COMPILE_CACHE']) return
  const folder = cacheFolder(env)
  if (folder === null) return
  const { directory } = module.enableCompileCache(folder)
  if (directory === undefined) return
  env['NODE_COMPILE_CACHE'] = folder
  // Not before the command has begun its own work; what goes wrong is left for another day.
  setTimeout(() => void pruneCache(folder).catch(() => {}), PRUNE_AFTER_MS).unref()
}

const PRUNE_AFTER_MS = 1000
const DAY_MS = 86_400_000
const UNUSED_DAYS = 30
/** Its time of change is when the folder was last looked through. */
const PRUNED = 'pruned'

/**
 * Removes what no process has read for 30 days: each version of the engine and of a module leaves code
 * behind. Once a day at most. Another process may do the same at the same time.
 */
export async function pruneCache(folder: string, now = Date.now()): Promise<void> {
  // Not loaded by those that start.
  const { readdir, stat, unlink, writeFile } = await import('node:fs/promises')
  const marker = join(folder, PRUNED)
  const last = await stat(marker).then(
    s => s.mtimeMs,
    () => 0,
  )
  if (now - last < DAY_MS) return
  await writeFile(marker, '')
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || path === marker) continue
    const unused = await stat(path).then(
      s => now - Math.max(s.atimeMs, s.mtimeMs) > UNUSED_DAYS * DAY_MS,
      () => false,
    )
    if (unused) await unlink(path).catch(() => {})
  }
}

/** The user's private folder, made where it is missing; null: there can be none, and the run goes on without. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string | null {
  const home = env['XDG_CACHE_HOME'] ?? env['LOCALAPPDATA'] ?? ''
  const folder = join(isAbsolute(home) ? home : join(homedir(), '.cache'), 'millrace', 'compiled')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return isPrivate(folder) ? folder : null
  } catch {
    // A home that is read-only or missing, as in a container: code is compiled each time.
    return null
  }
}

/** A folder, no link to one, of this user, where no one else may write. */
function isPrivate(folder: string): boolean {
  const found = lstatSync(folder)
  const ours = process.getuid === undefined || found.uid === process.getuid()
  return found.isDirectory() && ours && (process.platform === 'win32' || (found.mode & 0o022) === 0)
}
