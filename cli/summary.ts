/** What a person reads when a run has ended: the account of rows, stages, outputs, and what went wrong. */
import { intervalText, timeText } from '../engine/plan/interval.ts'
import { sampleText } from '../engine/run/reject-limit.ts'
import type { OutputReport, RunReport } from '../engine/run/report.ts'
import { loadJobsText, usageText } from '../engine/run/usage.ts'
import { oneLine } from './text-width.ts'
import { bytes, count, rowsText, seconds, table } from './units.ts'

export function renderSummary(report: RunReport): string {
  if (report.status === 'skipped')
    return `${[headline(report), ...report.notes.map(note => `  note: ${note}`)].join('\n')}\n`
  const early = report.rows.read === 0 && report.status !== 'done'
  if (early) return `${[headline(report), kept(report)].filter(p => p !== '').join('\n\n')}\n`
  if (report.status === 'interrupted') {
    const parts = [headline(report), stages(report), kept(report)]
    return `${parts.filter(p => p !== '').join('\n\n')}\n`
  }
  const parts = [
    headline(report),
    resumed(report),
    account(report),
    dropped(report),
    skipped(report),
    rejects(report),
    report.notes.map(note => `  note: ${note}`).join('\n'),
    stages(report),
    outputs(report),
    kept(report),
  ]
  return `${parts.filter(p => p !== '').join('\n\n')}\n`
}

/** `2026-11-21T10:00Z  published    1,234 rows   0.52 s  run 3f2a…`, of equal width for all. */
export function intervalLine(report: RunReport): string {
  const { interval, status, skippedAs, rows, runId } = report
  const which = interval === undefined ? report.pipeline : timeText(interval.start)
  const how = skippedAs ?? (status === 'done' ? 'published' : status)
  const took = seconds(report.seconds).padStart(8)
  return `  ${which}  ${how.padEnd(17)}  ${count(rows.written).padStart(12)} rows  ${took}  run ${runId}`
}

function headline(r: RunReport): string {
  const { read } = r.bytes
  const of = r.pipeline === '' ? 'the run' : r.pipeline
  const run = r.runId === '' ? '' : ` (run ${r.runId})`
  if (r.status === 'skipped')
    return `${of}${its(r)} skipped, ${r.skippedAs}, in ${seconds(r.seconds)}${run}`
  const speed = read > 0 ? `, ${bytes(read / r.seconds)}/s` : ''
  return `${of}${its(r)} ${r.status} in ${seconds(r.seconds)}: ${rowsText(r.rows.read)} read, ${bytes(read)}${speed}, peak memory ${bytes(r.peakRssBytes)}${run}`
}

const its = ({ interval }: RunReport): string =>
  interval === undefined ? '' : ` ${intervalText(interval)}`

function resumed({ resumed: r }: RunReport): string {
  if (r === undefined) return ''
  const whole = `${count(r.stages)} whole stages`
  return `  resumed: ${count(r.tasks)} tasks (${whole}) and ${count(r.files)} files were done before, ${seconds(r.seconds)} of work saved`
}

function kept({ kept: k }: RunReport): string {
  if (k === undefined) return ''
  return `  kept for --resume: ${count(k.tasks)} tasks, ${seconds(k.seconds)} of work, in ${k.folder}; the next run without --resume removes it`
}

function account(r: RunReport): string {
  const { read, created, written, rejected, filtered, merged } = r.rows
  const preview = r.status === 'done' && r.outputs.length === 0
  const last = preview ? 'for outputs' : 'written to all outputs'
  const head = ['rows read', 'created', 'rejected', 'filtered', 'merged', last]
  return table(head, [[read, created, rejected, filtered, merged, written].map(count)])
}

function dropped(r: RunReport): string {
  if (r.dropped.length === 0) return ''
  return table(
    ['dropped by', 'reason', 'rows'],
    r.dropped.map(d => [d.step, d.reason, count(d.rows)]),
  )
}

/** They are counted by the steps that drop them, as if they had been read. */
function skipped(r: RunReport): string {
  const told = r.skipped.map(
    s => `  ${rowsText(s.rows)} of ${s.step} not read: its statistics show what drops them`,
  )
  return told.join('\n')
}

function rejects(r: RunReport): string {
  return r.rejects
    .map(({ step, rows, samples }) => {
      const lines = samples.map(
        s => `    ${sampleText(s)}\n      ${s.raw.split('\n')[0]?.slice(0, 120)}`,
      )
      return `  ${rowsText(rows)} rejected by ${step}, such as\n${lines.join('\n')}`
    })
    .join('\n')
}

function stages(r: RunReport): string {
  const rows = r.stages.map(s => [
    s.name,
    count(s.rowsIn),
    count(s.rowsOut),
    seconds(s.seconds),
    bytes(s.spilledBytes),
  ])
  return table(['stage', 'rows in', 'rows out', 'time', 'spilled'], rows)
}

function outputs(r: RunReport): string {
  // Of a failed run: what it would have published.
  if (r.status !== 'done') return ''
  if (r.outputs.length === 0) return '  a preview: nothing was published'
  const rows = r.outputs.map(o => [
    o.table ? `${o.uri} ${o.table}` : o.uri,
    count(o.rows),
    bytes(o.bytes),
    count(o.files),
  ])
  const all = table(['output', 'rows', 'size', 'files'], rows)
  const loads = r.outputs.filter(o => o.loadJobs !== undefined || o.usage !== undefined)
  return loads.length === 0
    ? all
    : `${all}\n\n${table(['table', 'loaded by', 'limits'], loads.map(loaded))}`
}

/** `orders  1 load job of 12 URIs  modifications today 37 of 1,500` */
const loaded = ({ table: name = '', loadJobs = [], usage = [] }: OutputReport): string[] => [
  oneLine(name),
  loadJobsText(loadJobs) || 'an earlier run',
  usage.map(usageText).join(', '),
]
