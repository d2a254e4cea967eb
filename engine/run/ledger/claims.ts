/**
 * Having a series or an interval for itself. A claim of a process that lives is respected; that of a
 * dead one is taken over. Where a process cannot be asked, its claim's time must have passed, and the
 * claim must then stay unrenewed while it is looked at: neither clock need be right.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../fault.ts'
import type { Claim, LedgerState } from '../../io/ledger.ts'
import { intervalText, timeText } from '../../plan/interval.ts'
import { lives } from '../checkpoint/owner.ts'
import type { StateCell } from './state.ts'

export interface LeaseTimes {
  /** A claim lasts so long from its last renewal. */
  readonly leaseMs: number
  readonly renewMs: number
}
export const LEASE: LeaseTimes = { leaseMs: 120_000, renewMs: 20_000 }

const ATTEMPTS_MAX = 8

interface Wanted {
  readonly claim: Claim
  /** Of the series or interval, for a message. */
  readonly what: string
  readonly times: LeaseTimes
  /** Throws where what a dead run left must be seen to first. */
  accept(dead: Claim, state: LedgerState): void
  /** Who holds the series need not wait for who held an interval of it. */
  readonly sure: boolean
}

/**
 * Claims the cell; answers the dead run's claim that was taken over, null where there was none. Where
 * that run was publishing, the new claim says so too: what stands may be half of it.
 *
 * Throws  resource: a run that lives has it
 */
export async function acquire(cell: StateCell, wanted: Wanted): Promise<Claim | null> {
  const { claim, what, times } = wanted
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const state = await cell.read()
    const other = state.claim
    if (other !== null && !wanted.sure && !(await isLeft(cell, other, times)))
      throw busy(what, other)
    if (other !== null) wanted.accept(other, state)
    const begun = other?.stage === 'publishing' ? { stage: other.stage, marks: other.marks } : {}
    const until = Date.now() + times.leaseMs
    if (await cell.change(() => ({ claim: { ...claim, ...begun, until } }))) return other
  }
  const other = (await cell.read()).claim
  throw busy(what, other ?? claim)
}

/** Whether its run is dead. */
async function isLeft(cell: StateCell, claim: Claim, times: LeaseTimes): Promise<boolean> {
  if (isDisowned(claim)) return true
  const alive = lives(claim.owner)
  if (alive !== null) return !alive
  const left = claim.until - Date.now()
  // Further ahead than any renewal reaches is a clock that was wrong: that claim is looked at, too.
  if (left > 0 && left <= 2 * times.leaseMs) return false
  const { version } = cell
  await sleep(times.renewMs * 1.5)
  await cell.read()
  return cell.version === version
}

/** Its run has ended, and left it as it is: what it published may be incomplete. */
export const disowned = (claim: Claim): Claim => ({
  ...claim,
  owner: { ...claim.owner, process: 0 },
})

const isDisowned = ({ owner }: Claim): boolean => owner.process === 0

function busy(what: string, { owner, runId, interval, until }: Claim): Fault {
  const place = `process ${owner.process} on ${owner.host}`
  const its = interval === null ? '' : ` for interval ${intervalText(interval)}`
  return new Fault('resource', `${what} is being run already${its}`, {
    detail: [`run  ${runId}, ${place}`, `claimed until  ${timeText(until)}, renewed while it runs`],
    hint: 'wait until it has ended; where its machine is gone its claim ends by itself',
  })
}

/** An earlier interval that was being published when its run died. */
export class UnfinishedInterval extends Fault {
  readonly interval: { readonly start: number; readonly end: number }

  constructor(pipeline: string, interval: { readonly start: number; readonly end: number }) {
    super(
      'resource',
      `interval ${intervalText(interval)} of ${pipeline} was being published when its run died`,
      {
        hint: `run it again first: --interval ${timeText(interval.start)}; with --again this run goes before it`,
      },
    )
    this.interval = interval
  }
}
