/** `millrace runs`: nothing there, mistyped names and ids, and terminals of 60 columns. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { join } from 'node:path'
import { command, file, moduleOf, start, workFolder } from '../test/faults/command.ts'
import { refuseOptionNames } from './run-options.ts'

const folder = workFolder('runs')
const ledger = ['--ledger', join(folder, 'ledger')]

test('what was run is listed as wide as the terminal, and found by the beginning of its id', async () => {
  const none = await command('runs', ...ledger)
  assert.equal(none.code, 0, none.err)
  assert.match(none.out, /^no runs in .*ledger\n {2}hint {2}runs are written down where they ran/)
  const input = file(folder, 'in.csv', 'id,text\n1,a\n')
  const output = ['--output', join(folder, 'out')]
  const words = [
    'run',
    moduleOf('kept.ts'),
    '--input',
    input,
    ...output,
    '--stop',
    'none',
    ...ledger,
  ]
  const run = await command(...words)
  assert.equal(run.code, 0, run.err)
  const wide = await command('runs', ...ledger)
  assert.match(wide.out, /^ {2}run +pipeline +interval +status +rows out +duration +started\n/)
  const narrow = await start(['runs', ...ledger], { COLUMNS: '60' }).ended
  const lines = narrow.out.trimEnd().split('\n')
  assert.equal(lines.length, 2)
  for (const line of lines) assert.ok(line.length <= 60, line)
  const id = lines[0]?.split(' ')[0] ?? ''
  assert.match(lines[0] ?? '', /^[0-9a-f]{16} \S+ published$/)
  const shown = await command('runs', 'show', id.slice(0, 5), ...ledger)
  assert.match(shown.out, new RegExp(`^run ${id} of `))
})

test('what is mistyped is told with what there is', async () => {
  const pipeline = await command('runs', 'ketp', ...ledger)
  assert.equal(pipeline.code, 0)
  assert.match(pipeline.out, /^no runs of "ketp" in .*\n {2}have {2}kept\n.*did you mean "kept"\?/)
  const id = await command('runs', 'show', 'zz', ...ledger)
  assert.equal(id.code, 2)
  assert.match(id.err, /no run is called "zz"\n {2}ledger {2}.*\n {2}hint {2}millrace runs lists/)
  const verb = await command('runs', 'shw', 'ab', ...ledger)
  assert.equal(verb.code, 2)
  assert.match(verb.err, /runs takes one pipeline, or show and the id of a run\n[\s\S]*"show"\?/)
})

test('a parameter that is called as an option is refused: it could not be given', () => {
  refuseOptionNames('shop', { input: 1 })
  assert.throws(
    () => refuseOptionNames('shop', { limit: 1 }),
    /parameter "limit" of shop is called as/,
  )
})
