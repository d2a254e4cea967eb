/** Every case at a small size: each contestant answers, and all answers are equal. Nothing is timed. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { noPolars } from '../test/polars.ts'
import { difference } from './answers.ts'
import type { Tool } from './case.ts'
import { cases } from './cases/index.ts'
import { fromSource } from './contestants/installed.ts'
import { inputSet } from './inputs.ts'
import { plotSvg } from './report/plot.ts'
import { scalePanels } from './report/scale-table.ts'
import { resultsText } from './report/write.ts'
import { type CaseResult, runCase } from './rounds.ts'
import { settingsOf } from './settings.ts'
import { geometricMean, spreadOf } from './statistics.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const settings = settingsOf(['--rows', '20000', '--rounds', '1'])
const inputs = inputSet(folder, settings.rows)
const results: CaseResult[] = []

const skip = noPolars ?? false
/** The tools of a case that this machine can have. */
const here = (tools: readonly Tool[]) => tools.filter(tool => tool !== 'polars' || !noPolars)

for (const [name, found] of Object.entries(cases))
  test(`all contestants of ${name} give one answer`, async () => {
    const said: string[] = []
    const { threads } = settings
    const tools = here(found.tools)
    const rounds = name === 'a-scan' ? 1 : 0
    const result = await runCase({
      ...{ name, case: { ...found, tools }, inputs, rounds, threads, millrace: fromSource() },
      say: line => said.push(line),
    })
    results.push(result)
    assert.deepEqual(
      [...result.tools].map(([tool, { fault }]) => [tool, fault]),
      tools.map(tool => [tool, null]),
      said.join('\n'),
    )
    for (const { seconds, peakBytes } of result.tools.values()) {
      assert.equal(seconds.length, rounds)
      assert.ok(peakBytes > 20e6, `${peakBytes} bytes at most`)
    }
  })

test('the report has a row a case, and curves for those that scale', { skip }, () => {
  const timed = results.filter(r => r.name === 'a-scan')
  const text = resultsText(settings, { cases: timed, scale: timed })
  const { title = '' } = cases['a-scan'] ?? {}
  assert.equal(text.split(title).length, 4, 'in the times, the ratios and the memory')
  assert.match(text, /\| geometric mean \| \d+\.\d\d \| \d+\.\d\d \| \d+\.\d\d \|/)
  const svg = plotSvg(scalePanels(timed))
  assert.equal(svg.match(/<polyline/g)?.length, 3)
  assert.doesNotMatch(`${text}${svg}`, /NaN|undefined|Infinity/)
})

test('an answer that differs is told: a text, a whole number, a row, nothing at all', () => {
  const expected = { sums: [['a', '5', 1234567.125]] }
  const against = (row: readonly unknown[]) => difference({ sums: [row] }, expected)
  assert.equal(against(['a', '5', 1234567.125]), null)
  assert.equal(against(['a', '5', 1234567.12500001]), null)
  assert.match(against(['a', '5', 1234567.126]) ?? '', /^sums, row 0: /)
  assert.match(against(['a', '6', 1234567.125]) ?? '', /^sums, row 0: /)
  assert.match(against(['b', '5', 1234567.125]) ?? '', /^sums, row 0: /)
  assert.match(difference({ sums: [] }, expected) ?? '', /0 rows, expected 1/)
  assert.match(difference({}, expected) ?? '', /0 rows, expected 1/)
  assert.match(difference({ sums: [] }, { sums: [] }) ?? '', /nothing is compared/)
})

test('median, spread and geometric mean', () => {
  assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, least: 1, most: 3 })
  assert.deepEqual(spreadOf([4, 1, 2, 3]), { median: 2.5, least: 1, most: 4 })
  assert.throws(() => spreadOf([]), RangeError)
  assert.ok(Math.abs(geometricMean([2, 8]) - 4) < 1e-12)
})

test('options that make no sense are refused', () => {
  assert.throws(() => settingsOf(['--rows', 'many']), TypeError)
  assert.throws(() => settingsOf(['--rounds', '0']), TypeError)
  assert.throws(() => settingsOf(['--row', '5']), TypeError)
  assert.deepEqual(settingsOf(['--scale', 'none']).scale, [])
})
