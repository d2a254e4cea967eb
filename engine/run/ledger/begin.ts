/**
 * What a run finds when it begins: whether its interval was published, who has it or its series, what a
 * dead run left there, and from which marks it reads.
 */
import type { Fault } from '../../fault.ts'
import type {
  Claim,
  KeyValues,
  LedgerState,
  Marks,
  Published,
  RunInterval,
  RunRecord,
} from '../../io/ledger.ts'
import { acquire, disowned, LEASE, type LeaseTimes, UnfinishedInterval } from './claims.ts'
import { intervalName, recordName, seriesName } from './names.ts'
import { thisProcess } from '../checkpoint/owner.ts'
import { settle, settleInterval } from './settle.ts'
import { StateCell } from './state.ts'

export interface EntryRequest {
  readonly values: KeyValues
  readonly run: Pick<
    RunRecord,
    'runId' | 'pipeline' | 'series' | 'interval' | 'params' | 'fingerprint' | 'startedAt'
  >
  /** It reads from marks on, or is left out where nothing is new: runs of its series come one after another. */
  readonly exclusive: boolean
  /** Runs an interval that was published. */
  readonly again: boolean
  readonly times?: LeaseTimes
  /** Told where the claim is no longer this run's: it must not publish. */
  lost(fault: Fault): void
}

/** `left`: what a run published may be incomplete, and the next one must know. */
export async function giveBack(cells: readonly StateCell[], left: boolean): Promise<void> {
  for (const cell of cells) {
    const { claim } = cell
    await cell.change(() => ({ claim: left && claim ? disowned(claim) : null }))
  }
}

export const nameOf = ({ pipeline, startedAt, runId }: RunRecord): string =>
  recordName(pipeline, startedAt, runId)

export interface Found {
  readonly already: Published | null
  readonly retaken: boolean
  readonly series: StateCell | null
  readonly interval: StateCell | null
  readonly before: Marks
  readonly record: RunRecord
}

/** Throws resource: another run is at work, or an earlier one was not completed. */
export async function claimed(request: EntryRequest): Promise<Found> {
  const { values, run, exclusive, again, times = LEASE } = request
  const { pipeline, interval } = run
  const record = newRecord(run)
  const { runId, marks } = record
  const own = { owner: thisProcess(), until: 0, stage: 'running' as const, marks }
  const claim = { runId, record: nameOf(record), interval, ...own }
  const cell = interval && new StateCell(values, intervalName(pipeline, run.series, interval))
  const none = { retaken: false, series: null, interval: null, before: {}, record }
  const done = async () => (again || !cell ? null : publishedIn(await cell.read()))
  const series = exclusive ? new StateCell(values, seriesName(pipeline, run.series)) : null
  let already = await done()
  if (already !== null) {
    await settleInterval(values, already, series)
    return { ...none, already }
  }
  const wanted = { claim, times, what: `pipeline ${pipeline}` }
  const accept = (dead: Claim) => {
    if (!again) refuseUnfinished(pipeline, dead, interval)
  }
  const dead = series && (await acquire(series, { ...wanted, sure: false, accept }))
  try {
    if (dead?.stage === 'published')
      await settle(values, { pipeline, series: run.series, claim: dead, state: series?.state })
    already = dead === null ? null : await done()
    if (already !== null) await series?.change(() => ({ claim: null }))
    if (already !== null) return { ...none, already }
    const left = cell && (await acquire(cell, { ...wanted, sure: series !== null, accept() {} }))
    const begun = [dead, left].find(c => c?.stage === 'publishing')
    const first = again ? cell?.state.published?.marksBefore : undefined
    const before = begun?.marks.before ?? first ?? series?.state.marks ?? {}
    return { already, retaken: begun !== undefined, series, interval: cell, before, record }
  } catch (error) {
    if (series) await giveBack([series], dead?.stage === 'publishing')
    throw error
  }
}

/** Null: it was not, or it is again, and that was not completed. */
const publishedIn = ({ published, claim }: LedgerState): Published | null =>
  claim?.stage === 'publishing' ? null : published

/** Reading from the old marks on, this run would publish what that one may have published. */
function refuseUnfinished(pipeline: string, dead: Claim, interval: RunInterval | null): void {
  const other = dead.interval
  const same = other?.start === interval?.start && other?.end === interval?.end
  if (dead.stage === 'publishing' && other !== null && !same)
    throw new UnfinishedInterval(pipeline, other)
}

function newRecord(run: EntryRequest['run']): RunRecord {
  return {
    format: 1,
    ...run,
    status: 'running',
    endedAt: null,
    owner: thisProcess(),
    inputs: null,
    outputs: [],
    loads: [],
    rows: { read: 0, written: 0 },
    rejects: [],
    marks: { before: {}, after: {} },
    error: null,
  }
}
