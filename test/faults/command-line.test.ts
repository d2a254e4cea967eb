/** The command line itself: help, version, wrong usage, exit codes, and what goes to which stream. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readArguments } from '../../cli/arguments.ts'
import { RUN_OPTIONS } from '../../cli/run-options.ts'
import { command, file, moduleOf, refused, retail, root, runJson, workFolder } from './command.ts'

const folder = workFolder('command')
const orders = moduleOf('orders.ts')
const input = file(
  folder,
  'in.csv',
  'id,price,day,note\n1,2.50,2024-01-01,a\n2,3,2024-01-02,b\n3,x,2024-01-03,c\n',
)
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

describe('help and version', { concurrency: 2 }, () => {
  test('--help lists the commands and exit codes', async () => {
    const { code, out, err } = await command('--help')
    assert.deepEqual([code, err], [0, ''])
    for (const name of ['run MODULE', 'explain MODULE', 'infer FILE', 'generate retail'])
      assert.match(out, new RegExp(`^ {2}millrace ${name}`, 'm'))
    assert.match(out, /0 done, 1 the run failed, 2 wrong usage, 130 interrupted/)
    assert.equal((await command()).code, 2)
  })

  test('each command explains its options', async () => {
    for (const [name, option] of [
      ['run', '--max-rejects SHARE'],
      ['explain', '--export NAME'],
      ['infer', '--rows N'],
      ['generate', '--seed N'],
    ] as const) {
      const { code, out } = await command(name, '--help')
      assert.equal(code, 0)
      assert.match(out, new RegExp(`^millrace ${name} `))
      assert.match(out, new RegExp(`^ {2}${option} {2}`, 'm'))
    }
  })

  test('--help with a module lists its parameters', async () => {
    const { code, out } = await command('run', orders, '--help')
    assert.equal(code, 0)
    assert.match(out, /^parameters of orders:$/m)
    assert.match(out, /^ {2}--input <uri> +must be given$/m)
    assert.match(out, /^ {2}--extra ignore\|fail +default: ignore$/m)
    assert.match(out, /^ {2}--dry$/m)
  })

  test('--version', async () => {
    const { code, out } = await command('--version')
    assert.deepEqual([code, out], [0, `millrace ${version} (Node ${process.versions.node})\n`])
  })
})

// biome-ignore format: a case a line
const wrong: readonly (readonly [args: readonly string[], said: RegExp])[] = [
  [['rnu'], /^usage: command "rnu" does not exist\n {2}have {2}run explain .*infer .*generate\n {2}hint {2}did you mean "run"\?\n$/],
  [['run'], /^usage: run needs a module/],
  [['run', orders, 'b.csv'], /^usage: run takes one module, not also "b\.csv" \(quote a glob/],
  [['run', orders, '-w', '3'], /^usage: option -w does not exist/],
  [['run', orders, '--workers'], /^usage: --workers needs a value/],
  [['run', orders, '--workers', '0'], /^usage: --workers "0" is not a whole number from 1/],
  [['run', orders, '--workers', '2', '--workers', '3'], /^usage: --workers is given twice/],
  [['run', orders, '--memory', 'lots'], /^usage: --memory "lots" is not a size such as 512MB/],
  [['run', orders, '--memory', '10KB'], /^usage: --memory 10KB is too little: 16MB at least/],
  [['run', orders, '--max-rejects', '110%'], /^usage: --max-rejects "110%" is not a share such as 0\.1 or 10%/],
  [['run', orders, '--task-timeout', '0'], /^usage: --task-timeout "0" is not a time such as 90s, 10m or 2h/],
  [['run', orders, '--checkpoint-after', 'soon'], /^usage: --checkpoint-after "soon" is not a time such as 90s, 10m or 2h/],
  [['run', orders, '--overwrite=no'], /^usage: --overwrite takes no value/],
  [['explain'], /^usage: explain takes one module/],
  [['infer', input, '--row', '3'], /^usage: option --row does not exist\n {2}have {2}rows\n {2}hint {2}did you mean "rows"\?/],
  [['generate', 'retial', '--out', 'x'], /^usage: generate what\?\n {2}have {2}retail\n {2}hint {2}did you mean "retail"\?/],
  [['generate', 'retail'], /^usage: --out FOLDER is missing/],
  [['generate', 'retail', '--out', folder, '--files', '0'], /^usage: --files "0" is not a whole number from 1/],
  [['generate', 'retail', '--out', folder, '--seed', '9999999999'], /^usage: --seed is 9999999999, expected a whole number from 0 to 4294967295/],
  [['generate', 'retail', '--out', folder, '--seeds', '1'], /^usage: option --seeds does not exist\n {2}have .*\n {2}hint {2}did you mean "seed"\?/],
]

describe('wrong usage is exit 2, with a word of help on standard error alone', {
  concurrency: 2,
}, () => {
  for (const [args, said] of wrong)
    test(args.join(' '), async () => {
      const { code, out, err } = await command(...args)
      assert.deepEqual([code, out], [2, ''])
      assert.match(err, said)
    })
})

test('times: seconds, or with a unit', () => {
  const read = (...argv: string[]) =>
    Object.fromEntries(readArguments(argv, RUN_OPTIONS).options.entries())
  assert.deepEqual(read('--task-timeout', '90', '--checkpoint-after', '0'), {
    'task-timeout': 90,
    'checkpoint-after': 0,
  })
  assert.deepEqual(read('--task-timeout', '1.5h', '--checkpoint-after', '2m'), {
    'task-timeout': 5400,
    'checkpoint-after': 120,
  })
})

describe('what a run prints', { concurrency: 2 }, () => {
  test('--json: one object on standard output, nothing else there', async () => {
    const output = join(folder, 'json')
    const { code, err, report } = await runJson(
      orders,
      '--input',
      input,
      '--output',
      output,
      '--above',
      '2.6',
    )
    assert.equal(code, 0)
    assert.deepEqual([report.status, report.pipeline], ['done', 'orders'])
    assert.match(report.runId, /^[\da-f]{16}$/)
    assert.deepEqual(report.rows, {
      read: 3,
      created: 0,
      written: 2,
      rejected: 1,
      filtered: 1,
      merged: 0,
    })
    assert.deepEqual(
      report.outputs.map(o => [o.uri, o.rows, o.files]),
      [
        [`${output}/rejects`, 1, 1],
        [`${output}/orders`, 1, 1],
      ],
    )
    assert.deepEqual(
      report.dropped.map(d => [d.reason, d.rows]),
      [['not wanted', 1]],
    )
    assert.match(report.rejects[0]?.samples[0]?.reason ?? '', /expected decimal\(10,2\), got "x"/)
    assert.ok(report.seconds > 0 && report.peakRssBytes > 50e6 && report.bytes.read > 0)
    assert.ok(report.stages.length > 0 && report.stages.every(s => s.seconds >= 0))
    assert.match(err, /^read csv /)
    assert.equal(err.includes('\u001b'), false)
  })

  test('wrong usage with --json is an object, too', async () => {
    const usage = { kind: 'pipeline', code: 2 } as const
    await refused(['--workers', 'x', orders], {
      ...usage,
      message: /^--workers "x" is not a whole number/,
    })
  })

  test('else a summary: account, drops, rejects, stages, outputs; progress as plain lines on standard error', async () => {
    const output = join(folder, 'text')
    const { code, out, err } = await command(
      'run',
      orders,
      '--input',
      input,
      '--output',
      output,
      '--above',
      '2.6',
    )
    assert.equal(code, 0)
    assert.match(
      out,
      /^orders done in [\d.]+ s: 3 rows read, \d+ B, .*peak memory [\d.]+ MB \(run [\da-f]{16}\)$/m,
    )
    assert.match(
      out,
      /rows read +created +rejected +filtered +merged +written to all outputs\n +3 +0 +1 +1 +0 +2$/m,
    )
    assert.match(out, /^ {2}filter "not wanted" +not wanted +1$/m)
    assert.match(
      out,
      /1 row rejected by read csv .*\n +.*in\.csv at byte \d+ {2}price: expected decimal/,
    )
    assert.match(out, /^ {2}stage +rows in +rows out +time +spilled$/m)
    assert.match(out, /^ {2}output +rows +size +files$/m)
    assert.match(out, new RegExp(`^ {2}${output}/orders +1 +\\d+ B +1$`, 'm'))
    assert.match(err, /^read csv .* 100 % .* rows\/s .*\d s$/m)
    for (const control of ['\u001b', '\r']) assert.equal((err + out).includes(control), false)
  })

  test('a run that fails: exit 1, the fault on standard error, as the design prints it', async () => {
    const { code, out, err } = await command(
      'run',
      orders,
      '--input',
      join(folder, 'nope.csv'),
      '--output',
      join(folder, 'none'),
    )
    assert.equal(code, 1)
    assert.match(out, /^orders failed in /)
    assert.match(
      err,
      /^data: no file matches ".*nope\.csv"\n {2}at {4}.*orders\.ts:\d+ {2}\.read\n {2}\S.* holds .*in\.csv/m,
    )
  })

  test('explain: the plan and its stages, with the options of run taken too', async () => {
    const { code, out, err } = await command(
      'explain',
      retail,
      '--input',
      'x',
      '--output',
      'y',
      '--workers',
      '3',
      '--overwrite',
    )
    assert.deepEqual([code, err], [0, ''])
    assert.match(out, /^pipeline retail\n +0 {2}read csv x/)
    assert.match(out, /^stage 0 {2}read csv x/m)
    assert.match(out, /^ {2}fused +dropNulls customerId → filter "cancelled" → filter "no price"$/m)
  })
})

describe('generate', { concurrency: 2 }, () => {
  const rowsOf = (of: string): string =>
    readdirSync(of)
      .sort()
      .map(name => readFileSync(join(of, name), 'utf8').replaceAll('\r\n', '\n'))
      .map(text => text.slice(text.indexOf('\n') + 1))
      .join('')
  const make = async (name: string, files: string, seed: string): Promise<string> => {
    const of = join(folder, name)
    const words = ['--rows', '3000', '--files', files, '--seed', seed, '--out', of]
    const { code, out, err } = await command('generate', 'retail', ...words)
    assert.deepEqual([code, out], [0, ''])
    assert.match(err, /^generated 3,000 rows in \d files, [\d.]+ KB, in [\d.]+ s: /)
    return rowsOf(of)
  }

  test('a seed gives the same rows, whatever the files; another seed others', async () => {
    const one = await make('one', '1', '7')
    assert.equal(await make('three', '3', '7'), one)
    assert.notEqual(await make('other', '1', '8'), one)
    assert.deepEqual(
      readdirSync(join(folder, 'three')),
      [0, 1, 2].map(i => `retail-0000${i}-of-00003.csv`),
    )
  })

  test('files of another set are not mixed with its own', async () => {
    await make('mixed', '2', '1')
    const { code, err } = await command(
      'generate',
      'retail',
      '--rows',
      '9',
      '--files',
      '3',
      '--out',
      join(folder, 'mixed'),
    )
    assert.equal(code, 2)
    assert.match(
      err,
      /holds files of another set\n {2}such as retail-00000-of-00002\.csv\n {2}hint /,
    )
  })
})
