/**
 * When a process was started, so that a later one of the same number is not taken for it: field 22 of
 * Linux's `/proc/PID/stat`. Elsewhere `alive`; null where there is no such process, or a dead one that
 * nobody has waited for.
 */
import { readFileSync } from 'node:fs'

export function startOf(pid: number): string | null {
  if (process.platform !== 'linux') return isThere(pid) ? 'alive' : null
  const stat = statOf(pid)
  // The second field, a name in parentheses, may hold anything.
  const [state = 'X', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === '' || /[ZX]/.test(state) ? null : (fields[18] ?? null)
}

function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    // ESRCH: it ended between the opening and the reading.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
    throw error
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
