/** Small disks for tests: a tmpfs of its own where this system lets us mount one, else a limit on the size of files. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { after } from 'node:test'

/** Mounts a tmpfs at `path`, unmounted after the tests; false where that is refused. */
export function smallDisk(path: string, size: string): boolean {
  if (process.platform !== 'linux') return false
  mkdirSync(path, { recursive: true })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path])
  if (mounted.status !== 0) return false
  // Lazily: a process that is about to end may still have a file open there.
  after(() => execFileSync('umount', ['-l', path]))
  return true
}

/** Why a test on small disks is skipped; false where they can be mounted. */
export function noMount(folder: string): string | false {
  const path = `${folder}/probe`
  mkdirSync(path, { recursive: true })
  if (process.platform !== 'linux') return 'needs Linux'
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]).status !== 0)
    return 'mounting a tmpfs is refused here; the test of a file limit stands in for it'
  execFileSync('umount', [path])
  return false
}
