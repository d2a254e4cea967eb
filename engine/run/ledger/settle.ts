/**
 * What follows from a publication, where the run that published died before it had written it all down:
 * the marks had moved, so its interval was published and its record says so.
 */
import type { Claim, KeyValues, LedgerState, RunRecord } from '../../io/ledger.ts'
import { intervalName } from './names.ts'
import { writtenRecord } from './record.ts'
import { parsed, StateCell } from './state.ts'

export async function settle(
  values: KeyValues,
  o: { pipeline: string; series: string; claim: Claim; state: LedgerState | undefined },
): Promise<void> {
  const { pipeline, series, claim, state } = o
  const kept = await values.get(claim.record)
  const record = kept && parsed<RunRecord>(kept.bytes, claim.record, values)
  if (claim.interval !== null) {
    const cell = new StateCell(values, intervalName(pipeline, series, claim.interval))
    const { published } = await cell.read()
    if (published?.runId !== claim.runId) {
      const { runId, interval, marks } = claim
      const at = state?.published?.at ?? 0
      const fingerprint = record?.fingerprint ?? ''
      const inputs = state?.published?.inputs ?? ''
      const marksBefore = marks.before
      await cell.change(() => ({
        published: { runId, record: claim.record, interval, at, fingerprint, inputs, marksBefore },
        claim: null,
      }))
    }
  }
  if (record === null || record.status === 'published') return
  const endedAt = state?.published?.at ?? record.startedAt
  const done = { ...record, status: 'published' as const, endedAt, marks: claim.marks }
  await values.put(claim.record, writtenRecord(done))
}
