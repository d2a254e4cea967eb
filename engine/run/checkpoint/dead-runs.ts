/**
 * Runs that died and left their scratch folder: found among the folders of this user beside which this
 * run's own one lies. Such a run is resumed, or removed by the next run that writes the same outputs.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readLog } from './log.ts'
import { isAlive, isLocal, type Owner, ownerOf } from './owner.ts'
import { LOG, type LogRecord, type Recorded, recordedIn } from './records.ts'
import { removeEmpty, removeScratch } from './scratch-folder.ts'

const SCRATCH = /^millrace-[0-9a-f]{16}$/

export interface DeadRun {
  readonly folder: string
  readonly owner: Owner
  /** Of its owners, the last one's. */
  readonly number: number
  /** Null: it had not begun. */
  readonly recorded: Recorded | null
  /** Bytes of the log that are whole. */
  readonly logBytes: number
}

/** The unfinished runs in a folder of scratch folders, those that are at work included, newest first. */
export function unfinishedRuns(base: string): DeadRun[] {
  if (!existsSync(base)) return []
  const folders = readdirSync(base).filter(name => SCRATCH.test(name))
  const runs = folders.flatMap(name => unfinishedRun(join(base, name)) ?? [])
  const begun = (run: DeadRun) => run.recorded?.identity.startedAt ?? 0
  return runs.sort((a, b) => begun(b) - begun(a))
}

function unfinishedRun(folder: string): DeadRun | null {
  const owned = ownerOf(folder)
  if (owned === null) return null
  try {
    const path = join(folder, LOG)
    const log = existsSync(path) ? readLog<LogRecord>(path) : { records: [], bytes: 0 }
    return { folder, ...owned, recorded: recordedIn(log.records), logBytes: log.bytes }
  } catch (error) {
    // Its owner has just removed it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Whether something of a run was kept that can be resumed. */
export const isResumable = (folder: string): boolean =>
  (unfinishedRun(folder)?.recorded?.tasks.size ?? 0) > 0

/** Removes what dead runs of these outputs left, and what those left that had not begun. */
export function removeDead(base: string, targets: readonly string[], own: string): void {
  const written = new Set(targets)
  for (const name of readdirSync(base).filter(n => SCRATCH.test(n))) {
    const folder = join(base, name)
    removeEmpty(folder)
    // Before its log is read: those of runs at work may be long.
    const owned = folder === own ? null : ownerOf(folder)
    if (owned === null || !isLocal(owned.owner) || isAlive(owned.owner)) continue
    const run = unfinishedRun(folder)
    if (run === null || isAlive(run.owner)) continue
    const theirs = run.recorded?.identity.targets ?? []
    if (theirs.some(t => written.has(t)) || run.recorded === null) removeScratch(folder)
  }
}
