/** The summary of a run: what its tables used of their warehouse's limits, and nothing that was not published. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunReport } from '../engine/run/report.ts'
import { bareReport } from './bare-report.ts'
import { renderSummary } from './summary.ts'

const usage = [{ what: 'modifications today', used: 37, of: 1500, hint: '' }]
const orders = { uri: 'bigquery://p.d', table: 'orders', rows: 1, bytes: 9, files: 12 }
const { error: _, ...bare } = bareReport('done', {
  error: { kind: 'data', message: '', at: null, detail: [], hint: null },
})
const report: RunReport = {
  ...bare,
  pipeline: 'shop',
  rows: { ...bare.rows, read: 1, written: 1 },
  outputs: [
    { ...orders, loadJobs: [{ id: 'j', uris: 12, bytes: 9 }], usage },
    { ...orders, table: 'a\nb', loadJobs: [], usage },
    { uri: 'out', rows: 1, bytes: 9, files: 1 },
  ],
}

test('tables of a warehouse with limits tell their load jobs and what is used', () => {
  const lines = renderSummary(report).split('\n')
  const at = lines.findIndex(line => line.startsWith('  table '))
  assert.deepEqual(lines.slice(at, at + 3), [
    '  table   loaded by              limits',
    '  orders  1 load job of 12 URIs  modifications today 37 of 1,500',
    '  a·b     an earlier run         modifications today 37 of 1,500',
  ])
  assert.match(lines[0] ?? '', /: 1 row read,/)
})

test('a run that failed shows no outputs', () => {
  assert.match(renderSummary(report), /\n {2}output /)
  assert.doesNotMatch(renderSummary({ ...report, status: 'failed' }), /bigquery:|\n {2}output /)
})
