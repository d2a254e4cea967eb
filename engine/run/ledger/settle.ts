/**
 * What follows from a publication, where the run that published died before it had written it all down:
 * the marks had moved, or the interval was published, so its interval, record and claim say so too.
 */
import type { Claim, KeyValues, LedgerState, Published, RunRecord } from '../../io/ledger.ts'
import { intervalName } from './names.ts'
import { lives } from '../checkpoint/owner.ts'
import { writtenRecord } from './record.ts'
import { parsed, StateCell } from './state.ts'

/** `claim`: the dead run's, whose place this run has taken in the series. */
export async function settle(
  values: KeyValues,
  o: { pipeline: string; series: string; claim: Claim; state: LedgerState | undefined },
): Promise<void> {
  const { pipeline, series, claim, state } = o
  const record = await recordAt(values, claim.record)
  const at = state?.published?.at ?? record?.startedAt ?? 0
  if (claim.interval !== null) {
    const cell = new StateCell(values, intervalName(pipeline, series, claim.interval))
    const { published } = await cell.read()
    if (published?.runId !== claim.runId) {
      const { runId, interval, marks } = claim
      const fingerprint = record?.fingerprint ?? ''
      const inputs = state?.published?.inputs ?? ''
      const marksBefore = marks.before
      await cell.change(() => ({
        published: { runId, record: claim.record, interval, at, fingerprint, inputs, marksBefore },
        claim: null,
      }))
    }
  }
  await say(values, record, { name: claim.record, at, marks: claim.marks })
}

/** Of an interval that was published: the record of the run, and the claim of its series. */
export async function settleInterval(
  values: KeyValues,
  { runId, record: name, at }: Published,
  series: StateCell | null,
): Promise<void> {
  const record = await recordAt(values, name)
  if (record !== null && record.status !== 'published' && lives(record.owner) === false)
    await say(values, record, { name, at, marks: record.marks })
  const claim = series && (await series.read()).claim
  const done = claim?.stage === 'published' && claim.runId === runId
  // Where another process does the same, one of the two is enough.
  if (done && lives(claim.owner) === false) await series?.change(() => ({ claim: null }))
}

async function say(
  values: KeyValues,
  record: RunRecord | null,
  o: { name: string; at: number; marks: RunRecord['marks'] },
): Promise<void> {
  if (record === null || record.status === 'published') return
  const done = { ...record, status: 'published' as const, endedAt: o.at, marks: o.marks }
  await values.put(o.name, writtenRecord(done))
}

async function recordAt(values: KeyValues, name: string): Promise<RunRecord | null> {
  const kept = await values.get(name)
  return kept && parsed<RunRecord>(kept.bytes, name, values)
}
