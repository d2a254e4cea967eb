/** The report of a run that could not make its own: refused before it began, or its process died. */
import type { FaultJson } from '../engine/fault.ts'
import type { RunReport } from '../engine/run/report.ts'

export type Known = Partial<
  Pick<RunReport, 'pipeline' | 'runId' | 'seconds' | 'peakRssBytes' | 'stages'>
> & { readonly error: FaultJson }

/** What is not known is empty or 0. */
export function bareReport(status: RunReport['status'], known: Known): RunReport {
  return {
    status,
    pipeline: '',
    runId: '',
    seconds: performance.now() / 1000,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    rows: { read: 0, created: 0, written: 0, rejected: 0, filtered: 0, merged: 0 },
    bytes: { read: 0, written: 0 },
    stages: [],
    outputs: [],
    dropped: [],
    rejects: [],
    skipped: [],
    counters: [],
    notes: [],
    hotKeys: [],
    ...known,
  }
}
