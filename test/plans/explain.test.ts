/** `millrace explain`, as a terminal shows it: where inputs are there, and where they are not yet. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { command } from '../faults/command.ts'
import { LINE_MAX } from '../../engine/plan/text-block.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-explain-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n'

async function explained(input: string): Promise<string> {
  const args = ['explain', 'pipelines/retail/pipeline.ts', '--input', input, '--output', 'out']
  const { code, out, err } = await command(...args)
  assert.deepEqual([code, err], [0, ''])
  // A path is never cut.
  const lines = out.split('\n').filter(line => !line.includes(folder))
  for (const line of lines) assert.ok(line.length <= LINE_MAX, line)
  return out
}

test('tasks and partitions are told where the inputs are there', async () => {
  for (const name of ['a.csv', 'b.csv']) writeFileSync(join(folder, name), header)
  const out = await explained(join(folder, '*.csv'))
  assert.match(out, /^stage 0 {2}read csv .*\(2 tasks\)$/m)
  assert.match(out, /^ {2}dedupes {5}before distinct, 1 partition$/m)
  assert.match(out, /^interpreted {2}no step: all are compiled$/m)
})

test('a plan is explained before its inputs are there', async () => {
  const out = await explained(join(folder, 'none-*.csv'))
  assert.match(out, /^stage 0 {2}read csv \S+$/m)
  assert.match(out, /^tasks and partitions are not known: no file matches /m)
})
