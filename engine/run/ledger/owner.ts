/**
 * Which process a claim is of, and whether that lives. Of this machine it is asked by its number and
 * start; of another machine, or of a container that numbers its processes anew, the claim's own time
 * must tell.
 */
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { RunOwner } from '../../io/ledger.ts'
import { bootOf } from '../checkpoint/owner.ts'
import { startOf } from '../checkpoint/process-start.ts'

let known: RunOwner | null = null

export function thisProcess(): RunOwner {
  known ??= {
    process: process.pid,
    started: startOf(process.pid) ?? '',
    host: hostname(),
    boot: bootOf(),
    space: spaceOf(),
  }
  return known
}

/** Null: it cannot be asked. */
export function isAlive(owner: RunOwner): boolean | null {
  const own = thisProcess()
  if (owner.host !== own.host) return null
  if (owner.boot !== own.boot) return owner.boot === '' || own.boot === '' ? null : false
  return owner.space === own.space ? startOf(owner.process) === owner.started : null
}

/** As Linux names it; one for all elsewhere. */
function spaceOf(): string {
  if (process.platform !== 'linux') return ''
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch (error) {
    // A system that hides it has one container a machine, as far as can be told.
    if ('code' in (error as NodeJS.ErrnoException)) return ''
    throw error
  }
}
