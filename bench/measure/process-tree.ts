/**
 * Memory of a process and all its descendants, from /proc. Proportional set size: a page that several
 * processes share is counted once between them, so that a tool is charged neither twice for what its
 * processes share nor in full for libraries that others use too. Where the kernel has no smaps_rollup
 * resident size stands in for it.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** Bytes in use now; 0 where the process is gone. */
export function treeBytes(pid: number): number {
  let bytes = 0
  for (const one of [pid, ...descendants(pid)]) bytes += proportionalBytes(one)
  return bytes
}

/** Kernels tell processor time in hundredths of a second (USER_HZ), whatever their own clock. */
const TICKS_A_SECOND = 100

/** Seconds of processor time that a process and its descendants have used; what has ended does not count. */
export function treeSeconds(pid: number): number {
  let ticks = 0
  for (const one of [pid, ...descendants(pid)]) {
    // The second field, the program's name, may hold anything but ends with the last `)`.
    const fields = (text(`/proc/${one}/stat`) ?? '').replace(/^.*\)/s, '').trim().split(' ')
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
  }
  return ticks / TICKS_A_SECOND
}

function descendants(pid: number): number[] {
  const found: number[] = []
  for (const thread of listed(`/proc/${pid}/task`))
    for (const child of (text(`/proc/${pid}/task/${thread}/children`) ?? '').split(' '))
      if (child.trim() !== '') found.push(Number(child), ...descendants(Number(child)))
  return found
}

function proportionalBytes(pid: number): number {
  const rollup = text(`/proc/${pid}/smaps_rollup`)
  const found = /^Pss:\s+(\d+) kB/m.exec(
    rollup ?? text(`/proc/${pid}/status`)?.replace('VmRSS', 'Pss') ?? '',
  )
  return Number(found?.[1] ?? 0) * 1024
}

/** Null: the process has ended in the meantime. */
function text(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
}

function listed(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    if (isGone(error)) return []
    throw error
  }
}

const isGone = (error: unknown): boolean =>
  ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')
