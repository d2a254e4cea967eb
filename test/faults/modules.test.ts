/** Modules, parameters and plans that are wrong, through the command. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  command,
  type Expected,
  file,
  moduleOf,
  refused,
  runJson,
  workFolder,
  start,
} from './command.ts'

const folder = workFolder('modules')
const orders = moduleOf('orders.ts')
const misspelt = moduleOf('misspelt.ts')
const out = join(folder, 'out')
const asked = (mode: string): string[] => ['--mode', mode, '--out', out]
const input = file(folder, 'in.csv', 'id,price,day,note\n1,2,2024-01-01,\n')
const params = ['--input', input, '--output', out]
const HINT = /give the path of the file that exports the pipeline/
const usage = { kind: 'pipeline', code: 2 } as const

mkdirSync(join(folder, 'sub'))
file(folder, 'orders', 'x')
const broken = file(folder, 'broken.ts', 'export default {\n  name: "broken",,\n}\n')
const absent = file(folder, 'absent.ts', "import { x } from 'no-such-package'\nexport default x\n")
const throwing = file(
  folder,
  'throwing.js',
  "export const a = 1\nthrow new TypeError('at the top')\n",
)

// biome-ignore format: a case a line
const cases: readonly (readonly [name: string, args: readonly string[], expected: Expected])[] = [
  ['a module that is not there', [join(folder, 'none.ts')], { ...usage, message: /^module .*none\.ts cannot be read$/, hint: HINT }],
  ['a folder', [join(folder, 'sub')], { ...usage, message: /^module .*sub cannot be read$/, hint: HINT }],
  ['a file of data', [input, '--input', 'x'], { ...usage, message: /^module .*in\.csv is no JavaScript or TypeScript$/, hint: HINT }],
  ['a module that does not parse', [broken], { ...usage, message: /^module .*broken\.ts cannot be imported: /, detail: /broken\.ts:2/ }],
  ['a package that is not installed', [absent], { ...usage, message: /cannot be imported: Cannot find package 'no-such-package'/, hint: /^npm install no-such-package$/ }],
  ['a module that throws', [throwing], { ...usage, message: /throwing\.js cannot be imported: at the top$/, detail: /throwing\.js:2:7/ }],
  ['no pipeline', [moduleOf('none.ts')], { ...usage, message: /^module exports no pipeline$/, detail: /have {2}name rows/, hint: /export default pipeline\(\{/ }],
  ['several pipelines', [moduleOf('several.ts')], { ...usage, message: /^module exports 2 pipelines and none as default$/, detail: /have {2}daily hourly/, hint: /--export/ }],
  ['a misspelt pipeline', [moduleOf('several.ts'), '--export', 'dayly'], { ...usage, message: /^module exports no pipeline "dayly"$/, hint: /"daily"/ }],
  ['a parameter is missing', [orders, '--input', input], { ...usage, message: /^parameter "output" is missing$/, detail: /have {2}input output/, hint: /such as --output <uri>/ }],
  ['a misspelt parameter', [orders, ...params, '--abov', '3'], { ...usage, message: /^pipeline "orders" has no parameter "abov"$/, hint: /^did you mean "above"\?$/ }],
  ['a misspelt option', [orders, ...params, '--overwritten'], { ...usage, message: /has no parameter "overwritten"$/, detail: /options {2}--workers/, hint: /option --overwrite\?/ }],
  ['a number that is none', [orders, ...params, '--above', 'ten'], { ...usage, message: /^parameter "above": expected a number, got "ten"$/ }],
  ['a date that is none', [orders, ...params, '--since', '2023-02-31'], { ...usage, message: /^parameter "since": expected a date, got "2023-02-31"$/, hint: /2011-12-09/ }],
  ['a flag with a value', [orders, ...params, '--dry', 'maybe'], { ...usage, message: /^parameter "dry": expected true or false, got "maybe"$/ }],
  ['a value that is not one of them', [orders, ...params, '--extra', 'fial'], { ...usage, message: /^parameter "extra": "fial" is not one of its values$/, detail: /have {2}ignore fail/, hint: /"fail"/ }],
  ['a path that is empty', [orders, '--input', '', '--output', out], { ...usage, message: /^parameter "input": expected a path or URI, got ""$/ }],
  ['a column that does not exist', [misspelt, ...asked('column')], { ...usage, message: /^column "prise" does not exist$/, at: /pipelines\/misspelt\.ts:14 {2}\.select$/, detail: /have {2}invoiceNo quantity unitPrice/, hint: /^did you mean "unitPrice"\?$/ }],
  ['a column of where', [misspelt, ...asked('where')], { ...usage, message: /^column "quantty" does not exist$/, at: /misspelt\.ts:15 {2}\.where$/, hint: /"quantity"/ }],
  ['build throws', [misspelt, ...asked('throws')], { ...usage, message: /^build of "misspelt" threw: out of order$/, at: /misspelt\.ts:16$/ }],
  ['build is asynchronous', [misspelt, ...asked('async')], { ...usage, message: /is asynchronous$/, hint: /build only describes/ }],
  ['a table without a mode', [misspelt, ...asked('mode')], { ...usage, message: /^table lines: mode undefined is not known$/, at: /misspelt\.ts:\d+$/, detail: /have {2}replace append/ }],
  ['an option of csv', [misspelt, ...asked('csv')], { ...usage, message: /delimiter/, at: /misspelt\.ts:\d+$/ }],
  ['an output that is no folder’s', [misspelt, ...asked('cloud')], { ...usage, message: /^"ftp:\/\/bucket\/x": ftp is not a file system$/, at: /misspelt\.ts:\d+$/, hint: /mount the bucket/ }],
  ['an output that is a file', [orders, '--input', input, '--output', folder, '--dry'], { kind: 'pipeline', message: /^output .*\/orders is a file$/, at: /orders\.ts:\d+ {2}\.write$/, hint: /an output is a folder/ }],
  ['an output within a file', [orders, '--input', input, '--output', join(input, 'x')], { kind: 'resource', message: /ENOTDIR: /, hint: /a part of the path is a file/ }],
  ['a scratch folder within a file', [orders, ...params, '--scratch', join(input, 'x')], { kind: 'resource', message: /ENOTDIR: /, hint: /a part of the path is a file/ }],
  ['one output twice', [misspelt, ...asked('same')], { ...usage, message: /^output ".*out\/x" is written twice$/, at: /misspelt\.ts:\d+ {2}\.write$/ }],
  ['an output within another', [misspelt, ...asked('nested')], { ...usage, message: /^output ".*all\/of\/it" lies within output ".*all"$/, at: /misspelt\.ts:\d+ {2}\.write$/, hint: /side by side/ }],
  ['a warehouse within an output', [misspelt, ...asked('warehouse')], { ...usage, message: /^output "duckdb:.*x\.duckdb" lies within output ".*lake"$/ }],
  ['nothing is written', [moduleOf('unwritten.ts')], { ...usage, message: /^pipeline "unwritten" writes nothing$/, hint: /\.write\(/ }],
  ['a step more in the worker', [moduleOf('restless.ts'), ...asked('step')], { kind: 'pipeline', message: /^pipeline "restless" builds another plan in the worker: step 2 is not the same$/, detail: /first double .*\nworker filter /, hint: /no clock/ }],
  ['another name in the worker', [moduleOf('restless.ts'), ...asked('name')], { kind: 'pipeline', message: /step 2 is not the same$/, at: /restless\.ts:\d+ {2}\.derive/, detail: /first double .*\nworker times two/ }],
  ['another function in the worker', [moduleOf('restless.ts'), ...asked('function')], { kind: 'pipeline', message: /step 3 is not the same$/, at: /restless\.ts:\d+ {2}\.filter/, detail: /another function/ }],
  ['a step less in the worker', [moduleOf('restless.ts'), ...asked('fewer')], { kind: 'pipeline', message: /step 5 is not the same$/, at: /restless\.ts:\d+ {2}\.write/, detail: /worker no such step/ }],
  ['a module that ends the process', [moduleOf('leaver.ts'), ...asked('exit')], { kind: 'pipeline', message: /^the engine's process died \(exit code 3\)$/, hint: /process\.exit\(\), then run it again, .*millrace run test\/faults\/pipelines\/leaver\.ts --mode exit/ }],
  ['an error that nobody catches', [moduleOf('leaver.ts'), ...asked('uncaught')], { kind: 'pipeline', message: /^an error was thrown outside of any step: nobody waits for me$/, detail: /leaver\.ts:17/ }],
]

describe('refused', { concurrency: 2 }, () => {
  for (const [name, args, expected] of cases)
    test(name, async () => {
      await refused(args, expected)
      assert.equal(existsSync(out), false)
    })
})

describe('words of the pipeline itself', { concurrency: 2 }, () => {
  const words = (mode: string) => [
    moduleOf('leaver.ts'),
    '--mode',
    mode,
    '--out',
    join(folder, mode),
  ]

  test('with --json they go to standard error', async () => {
    const { code, err } = await runJson(...words('json'))
    assert.equal(code, 0)
    assert.match(err, /a word from build\n/)
    assert.match(err, /a word from a worker\n/)
  })

  test('else to standard output', async () => {
    const { code, out: printed } = await command('run', ...words('plain'))
    assert.equal(code, 0)
    assert.match(printed, /a word from build\n(?:.*\n)*a word from a worker\n(?:.*\n)*leaver done/)
  })

  test('the engine allocates from one arena, or from as many as the user says', async () => {
    const { out: printed } = await start(['run', ...words('arenas')]).ended
    assert.match(printed, /^arenas: 1$/m)
    const four = { MALLOC_ARENA_MAX: '4' }
    const told = await start(['run', ...words('arenas'), '--overwrite'], four).ended
    assert.match(told.out, /^arenas: 4$/m)
  })
})
