/** Functions of the user's that go wrong, through the command: their line, the row, its file and offset; and a warehouse that another process holds. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { type Expected, file, moduleOf, refused, runJson, workFolder } from './command.ts'

const folder = workFolder('lambdas')
const module = moduleOf('lambdas.ts')
const input = file(folder, 'in.csv', 'id,text\n1,a\n2,b\n3,c\n4,d\n')
const args = (mode: string, output = join(folder, mode)): string[] => [
  module,
  '--mode',
  mode,
  '--input',
  input,
  '--output',
  output,
]

// biome-ignore format: a case a line
const cases: readonly (readonly [mode: string, message: RegExp, more?: Partial<Expected>])[] = [
  ['throws', /^derive x threw RangeError: not this one$/, { at: /pipelines\/lambdas\.ts:\d+ {2}\.derive$/, detail: /^threw .*lambdas\.ts:10\nrow {3}\{"id":3,"text":"c"\}\nfrom {2}.*in\.csv at byte 16$/, hint: /onError: 'deadLetter'/ }],
  ['kind', /^derive x returned a wrong value: expected int32, got "three"$/, { at: /lambdas\.ts:\d+ {2}\.derive$/, detail: /^row {3}\{"id":3/ }],
  ['null', /^derive x returned a wrong value: expected utf8, got null$/],
  ['date', /^derive x returned a wrong value: expected timestamp, got a Date/],
  ['map', /expected utf8, got undefined$/, { at: /\.map$/, detail: /^(?:threw.*\n)?row {3}\{"id":3/ }],
  ['extra', /extra/, { at: /\.map$/ }],
  ['flatMap', /flatMap .*(?:iterable|list)/, { at: /\.flatMap$/ }],
  ['mapAsync', /threw RangeError: not this one$/, { at: /\.mapAsync$/, detail: /threw .*lambdas\.ts:10\n/ }],
]

describe('a function that goes wrong', { concurrency: 2 }, () => {
  for (const [mode, message, more] of cases)
    test(mode, async () => {
      await refused(args(mode), { kind: 'data', message, ...more })
      assert.equal(existsSync(join(folder, mode)), false)
    })

  test('deadLetter: the row goes to the step’s rejects', async () => {
    const { code, report } = await runJson(...args('rejects'))
    assert.equal(code, 0)
    assert.deepEqual([report.rows.read, report.rows.rejected], [4, 1])
    const reject = JSON.parse(readFileSync(join(folder, 'rejects', 'part-00000.ndjson'), 'utf8'))
    assert.equal(reject.reason, 'not this one')
    assert.deepEqual([reject.source, reject.offset, reject.raw], [input, 16, '{"id":3,"text":"c"}'])
  })
})

test('a DuckDB file that another process holds is named with its pid, before anything is read', async () => {
  const path = join(folder, 'lake.duckdb')
  const instance = await DuckDBInstance.create(path)
  try {
    const report = await refused([...args('table'), '--lake', `duckdb:${path}`], {
      kind: 'resource',
      message: new RegExp(
        `^duckdb file .*lake\\.duckdb is held by another process \\(pid ${process.pid}\\)$`,
      ),
      hint: /end that process, or write to another file/,
    })
    assert.equal(report.rows.read, 0)
    assert.deepEqual(report.stages, [])
  } finally {
    instance.closeSync()
  }
})
