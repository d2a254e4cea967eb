/**
 * The mark of an output that a run writes: `_millrace/unfinished.json` in its folder, made only where none
 * stands, so that of two runs one goes on. It says which run, which process, and until when it holds: a
 * process of this machine is asked whether it lives, one of another machine has until then to renew it.
 *
 *     { "format": "millrace-unfinished", "run": "9c41…", "names": "3f2a…", "begun": "2026-…",
 *       "until": "2026-…", "owner": { "process": 4711, "started": "8812345", "host": "…", "boot": "…" } }
 */
import { Fault, redactUri } from '../../../engine/fault.ts'
import type { PlaceOwner } from '../../../engine/io/output-place.ts'
import { HIDDEN } from './hidden.ts'
import type { ObjectStore } from './store.ts'

const FORMAT = 'millrace-unfinished'
/** What another machine waits for a run that has died. */
export const LEASE_MS = 600_000

export interface Mark {
  /** Of the run that holds it, and no other. */
  readonly id: string
  /** The run's key. */
  readonly run: string
  /** What its objects' names end with. */
  readonly names: string
  readonly begun: string
  readonly until: string
  readonly owner: PlaceOwner
}

export interface FoundMark {
  readonly mark: Mark
  /** Of the object. */
  readonly version: string
}

/** `folder` ends with `/`. */
export const markUri = (folder: string): string => `${folder}${HIDDEN}unfinished.json`

export const markText = (mark: Mark): Buffer =>
  Buffer.from(`${JSON.stringify({ format: FORMAT, ...mark })}\n`)

export const leaseFrom = (ms: number): string => new Date(ms + LEASE_MS).toISOString()

/** Null: there is none. Throws resource: what stands there is no mark. */
export async function markIn(store: ObjectStore, folder: string): Promise<FoundMark | null> {
  const uri = markUri(folder)
  const found = await store.get(uri)
  if (found === null) return null
  const { format, ...mark } = objectIn(found.bytes)
  if (format === FORMAT && typeof mark.run === 'string' && typeof mark.owner === 'object')
    return { mark: mark as unknown as Mark, version: found.version }
  throw new Fault('resource', `${redactUri(uri)} is no mark of a run`, {
    hint: 'something else wrote it: remove the object where nobody needs it',
  })
}

/** Marks of runs of this process that are at work: another run of the process is no more dead than it. */
const held = new Set<string>()

export const hold = (uri: string): void => void held.add(uri)
export const release = (uri: string): void => void held.delete(uri)

/** Whether the run that left the mark is at work still. */
export function isHeld(
  { owner, until }: Mark,
  o: {
    readonly uri: string
    readonly self: PlaceOwner | null
    readonly isAlive: (owner: PlaceOwner) => boolean | null
  },
): boolean {
  const { uri, self } = o
  if (owner.process === 0) return false
  const own =
    owner.process === self?.process && owner.host === self.host && owner.started === self.started
  if (own) return held.has(uri)
  return o.isAlive(owner) ?? isAhead(Date.parse(until) - Date.now())
}

/** Further ahead than a renewal reaches is a clock that was wrong. */
const isAhead = (ms: number): boolean => ms > 0 && ms <= 2 * LEASE_MS

/** Why another run may not write there. */
export function beingWritten(output: string, { owner, until, begun }: Mark): Fault {
  return new Fault(
    'resource',
    `output ${redactUri(output)} is being written by process ${owner.process} of ${owner.host}`,
    {
      detail: [`begun  ${begun}`, `holds  until ${until}, unless it is renewed`],
      hint: 'wait until that run has ended; where its machine is gone, until its mark has lapsed',
    },
  )
}

function objectIn(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    // Then it is no mark, which is what is said.
    return {}
  }
}
