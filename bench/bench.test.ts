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
import { lineOf } from './report/linear.ts'
import { plotSvg } from './report/plot.ts'
import { scalePanels } from './report/scale-table.ts'
import { resultsText, scalingText } from './report/write.ts'
import { type CaseResult, runCase } from './rounds.ts'
import { runScaling } from './scaling/index.ts'
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
  const twice = timed.map(r => ({ ...r, rows: 2 * r.rows }))
  const text = resultsText(settings, { cases: timed, scale: [...timed, ...twice] })
  const { title = '' } = cases['a-scan'] ?? {}
  assert.equal(text.split(title).length, 4, 'in the times, the ratios and the memory')
  assert.match(text, /\| geometric mean \| \d+\.\d\d \| \d+\.\d\d \| \d+\.\d\d \|/)
  const svg = plotSvg(scalePanels(timed))
  assert.equal(svg.match(/<polyline/g)?.length, 3)
  assert.doesNotMatch(`${text}${svg}`, /NaN|undefined|Infinity/)
})

const noTaskset = process.platform !== 'linux' && 'taskset is Linux’s'
test('cores, start, files and budgets: each has its figures', { skip: noTaskset }, async () => {
  const small = ['--rows', '20000', '--rounds', '1', '--start-rows', '2000']
  const narrow = settingsOf([...small, '--memory-rows', '30000'])
  const said: string[] = []
  const say = (line: string) => said.push(line)
  const found = await runScaling(narrow, { folder, millrace: fromSource(), say })
  assert.deepEqual(
    found.memory.map(({ name, budget, fault }) => [name, budget, fault]),
    ['d-latest', 'j-many-keys'].flatMap(name =>
      ['512MB', '256MB'].map(budget => [name, budget, null]),
    ),
  )
  assert.equal(found.workers.length, 3)
  assert.equal(found.start.length, 5)
  assert.ok(found.files.every(f => f.bytes > 0 && f.files > 0))
  const text = scalingText(narrow, found)
  assert.equal(text.match(/as DuckDB’s \|/g)?.length, 4)
  assert.doesNotMatch(text, /NaN|undefined|Infinity/)
})

test('a line through sizes and seconds, and how far they lie from it', () => {
  const straight = lineOf([1, 2, 4, 20].map(x => ({ x, y: 0.25 + 0.5 * x })))
  assert.ok(Math.abs(straight.start - 0.25) < 1e-9 && Math.abs(straight.slope - 0.5) < 1e-9)
  assert.ok(straight.deviation < 1e-9)
  const bent = lineOf([1, 2, 4, 20].map(x => ({ x, y: x * x })))
  assert.ok(bent.deviation > 0.5)
  assert.throws(() => lineOf([{ x: 1, y: 1 }]), RangeError)
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
