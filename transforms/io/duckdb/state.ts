/**
 * One state of a file for all its tables that a run reads. Each is copied with the file open, and locked,
 * but it is open for one after the other: had somebody written to it between two, the run would join rows
 * of two states.
 */
import { resolve } from 'node:path'
import { statSync } from 'node:fs'
import { Fault } from '../../../engine/fault.ts'

const seen = new WeakMap<object, Map<string, string>>()

/** Throws resource: the file was written since this `scope`, a run, read a table of it. */
export function sameState(path: string, scope: object = {}): void {
  const known = seen.get(scope) ?? new Map<string, string>()
  seen.set(scope, known)
  const full = resolve(path)
  const state = stateOf(full)
  const before = known.get(full) ?? state
  known.set(full, state)
  if (before === state) return
  throw new Fault('resource', `duckdb file ${path} was written to between two of its tables`, {
    hint: 'run it again once nobody writes to it, or read a copy',
  })
}

/** Of the file and its log: sizes and times of the last write. */
const stateOf = (path: string): string =>
  ['', '.wal']
    .map(end => statSync(path + end, { bigint: true, throwIfNoEntry: false }))
    .map(it => (it === undefined ? 'none' : `${it.size} ${it.mtimeNs}`))
    .join(', ')
