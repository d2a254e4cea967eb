/** What a person reads when a run has ended: the account of rows, stages, outputs, and what went wrong. */
import { faultFromJson } from '../engine/fault.ts'
import { sampleText } from '../engine/run/reject-limit.ts'
import type { RunReport } from '../engine/run/report.ts'
import { bytes, count, seconds, table } from './units.ts'

export function renderSummary(report: RunReport): string {
  const parts = [
    headline(report),
    account(report),
    dropped(report),
    rejects(report),
    stages(report),
    outputs(report),
  ]
  if (report.error) parts.push(faultFromJson(report.error).render())
  return `${parts.filter(p => p !== '').join('\n\n')}\n`
}

function headline(r: RunReport): string {
  const { read } = r.bytes
  const speed = read > 0 ? `, ${bytes(read / r.seconds)}/s` : ''
  return `${r.pipeline} ${r.status} in ${seconds(r.seconds)}: ${count(r.rows.read)} rows read, ${bytes(read)}${speed}, peak memory ${bytes(r.peakRssBytes)} (run ${r.runId})`
}

function account(r: RunReport): string {
  const { read, created, written, rejected, filtered, merged } = r.rows
  const head = ['rows read', 'created', 'rejected', 'filtered', 'merged', 'written to all outputs']
  return table(head, [[read, created, rejected, filtered, merged, written].map(count)])
}

function dropped(r: RunReport): string {
  if (r.dropped.length === 0) return ''
  return table(
    ['dropped by', 'reason', 'rows'],
    r.dropped.map(d => [d.step, d.reason, count(d.rows)]),
  )
}

function rejects(r: RunReport): string {
  return r.rejects
    .map(({ step, rows, samples }) => {
      const lines = samples.map(
        s => `    ${sampleText(s)}\n      ${s.raw.split('\n')[0]?.slice(0, 120)}`,
      )
      return `  ${count(rows)} rows rejected by ${step}, such as\n${lines.join('\n')}`
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
  if (r.outputs.length === 0) return r.status === 'done' ? '  a preview: nothing was published' : ''
  const rows = r.outputs.map(o => [
    o.table ? `${o.uri} ${o.table}` : o.uri,
    count(o.rows),
    bytes(o.bytes),
    count(o.files),
  ])
  return table(['output', 'rows', 'size', 'files'], rows)
}
