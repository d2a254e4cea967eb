/** Makes a run's report from its ledger and its stages. */
import { is, type Plan } from '../plan/node.ts'
import type { FaultJson } from '../fault.ts'
import type { Ledger } from './account.ts'
import type { Progress } from './progress.ts'
import type { RunSettings } from './protocol.ts'
import { samplesOf } from './reject-limit.ts'
import type { OutputReport, RunReport, StageReport } from './report.ts'
import type { StageRun } from './stage-run.ts'

interface Ended {
  readonly plan: Plan
  readonly settings: RunSettings
  readonly ledger: Ledger
  readonly runs: readonly StageRun[]
  readonly outputs: readonly OutputReport[]
  readonly notes: readonly string[]
  readonly progress: Progress
  readonly status: RunReport['status']
  readonly seconds: number
  readonly resumed: RunReport['resumed'] | null
  readonly kept: RunReport['kept'] | null
  readonly skippedAs: NonNullable<RunReport['skippedAs']> | null
  readonly unfinished: RunReport['unfinished'] | null
  readonly error?: FaultJson
}

export function reportOf(run: Ended): RunReport {
  const { plan, ledger, runs } = run
  const rows = { read: 0, created: 0, written: 0, rejected: 0, filtered: 0, merged: 0 }
  for (const node of plan.nodes) {
    const terms = ledger.of(node.id)
    if (is(node, 'read') || is(node, 'create')) rows.read += terms.in
    if (is(node, 'write')) rows.written += terms.out
    rows.created += terms.created
    rows.rejected += terms.rejected
    rows.filtered += terms.filtered
    rows.merged += terms.merged
  }
  const name = (id: number) => plan.nodes[id]?.name ?? ''
  const rejecting = plan.nodes.filter(n => ledger.of(n.id).rejected > 0)
  return {
    status: run.status,
    ...(run.skippedAs ? { skippedAs: run.skippedAs } : {}),
    ...(run.settings.interval ? { interval: run.settings.interval } : {}),
    ...(run.unfinished ? { unfinished: run.unfinished } : {}),
    pipeline: plan.name,
    runId: run.settings.runId,
    seconds: run.seconds,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    rows,
    bytes: {
      read: runs.reduce((sum, r) => sum + run.progress.read(r.stage.id).bytes, 0),
      written: run.outputs.reduce((sum, o) => sum + o.bytes, 0),
    },
    stages: runs.map(r => stageReport(r, ledger)),
    outputs: run.outputs,
    notes: run.notes,
    hotKeys: runs.flatMap(r => r.skew),
    dropped: ledger.dropped.map(d => ({ step: name(d.node), reason: d.reason, rows: d.rows })),
    rejects: rejecting.map(n => ({
      step: n.name,
      rows: ledger.of(n.id).rejected,
      samples: samplesOf(runs, n.id),
    })),
    skipped: plan.nodes
      .filter(n => ledger.of(n.id).skipped > 0)
      .map(n => ({ step: n.name, rows: ledger.of(n.id).skipped })),
    counters: ledger.counters.map(c => ({ step: name(c.node), name: c.name, value: c.value })),
    ...(run.resumed ? { resumed: run.resumed } : {}),
    ...(run.kept ? { kept: run.kept } : {}),
    ...(run.error ? { error: run.error } : {}),
  }
}

function stageReport(run: StageRun, ledger: Ledger): StageReport {
  const { stage, results } = run
  const head = ledger.of(stage.head.id)
  const leaving = new Set(stage.terminals.map(t => t.from.id))
  return {
    name: stage.name,
    rowsIn: head.in,
    rowsOut: Math.max(0, ...[...leaving].map(id => ledger.of(id).out)) || head.out,
    seconds: run.pending > 0 ? (performance.now() - run.startedMs) / 1000 : run.seconds,
    spilledBytes: results.reduce((sum, r) => sum + (r?.spilledBytes ?? 0), 0),
    splitLevels: results.reduce((most, r) => Math.max(most, r?.splitLevels ?? 0), 0),
    tasks: run.tasks.length,
  }
}
