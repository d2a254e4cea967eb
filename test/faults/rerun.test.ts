/** Outputs that exist: refused, replaced when asked, and completed where they are of an unfinished run of the same plan, parameters and inputs. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { file, moduleOf, placeWords, refused, runJson, start, workFolder } from './command.ts'

const folder = workFolder('rerun')
const scratch = join(folder, 'scratch')
const slow = moduleOf('slow.ts')
const lines = Array.from({ length: 4000 }, (_, i) => `${i},text ${i}\n`)
const input = file(folder, 'in.csv', `id,text\n${lines.join('')}`)
mkdirSync(scratch)
const words = (output: string, ...more: string[]): string[] => [
  slow,
  ...placeWords(input, output, scratch),
  ...more,
]

/** Every file below a folder, hidden ones too, with a hash of its bytes. */
function contents(of: string): Record<string, string> {
  const names = readdirSync(of, { recursive: true, withFileTypes: true }).filter(e => e.isFile())
  const paths = names.map(e => join(e.parentPath, e.name)).sort()
  const hash = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')
  return Object.fromEntries(paths.map(path => [path.slice(of.length), hash(path)]))
}

const hidden = (of: string): string[] => readdirSync(of).filter(name => name.startsWith('.'))

/** Starts a run and kills its whole process group, `kill -9`, while its workers are at work. */
async function killed(output: string): Promise<void> {
  const run = start(['run', ...words(output, '--rounds', '100'), '--workers', '2'])
  await run.said(/^read csv .* 100 %/m)
  process.kill(-(run.child.pid as number), 'SIGKILL')
  assert.equal((await run.ended).signal, 'SIGKILL')
}

test('a run that was killed is completed by its rerun, byte for byte', async t => {
  const calm = join(folder, 'calm')
  const output = join(folder, 'killed')
  assert.equal((await runJson(...words(calm, '--rounds', '100'))).code, 0)
  const expected = contents(calm)
  assert.deepEqual(Object.keys(expected), [
    '/hashes/part-00000.ndjson',
    '/rejects/part-00000.ndjson',
    '/rows/part-00000.parquet',
  ])

  await killed(output)
  assert.deepEqual(
    readdirSync(output).filter(name => !name.startsWith('.')),
    [],
    'nothing is visible',
  )
  const [mark = ''] = hidden(output).filter(name => name.endsWith('.unfinished'))
  assert.ok(mark)

  await t.test('the rerun', async () => {
    const { code, report } = await runJson(...words(output, '--rounds', '100'), '--workers', '1')
    assert.equal(code, 0, JSON.stringify(report.error))
    assert.deepEqual(contents(output), expected)
  })

  await t.test('one that was killed between two of its outputs', async () => {
    rmSync(join(output, 'hashes'), { recursive: true })
    writeFileSync(join(output, mark), 'process 999999999\nstarted 1\n')
    const { code, report } = await runJson(...words(output, '--rounds', '100'))
    assert.equal(code, 0, JSON.stringify(report.error))
    assert.deepEqual(contents(output), expected)
  })

  await t.test('once it has ended well, the same outputs are refused', async () => {
    await refused(words(output, '--rounds', '100'), {
      kind: 'pipeline',
      message: /^output .*\/rejects exists$/,
      at: /slow\.ts:\d+ {2}\.write$/,
      hint: /another folder, or replace it with --overwrite/,
    })
  })

  await t.test('a mark does not allow other parameters, nor changed inputs', async () => {
    writeFileSync(join(output, mark), 'process 999999999\nstarted 1\n')
    const exists = { kind: 'pipeline', message: /exists$/ } as const
    await refused(words(output, '--rounds', '101'), exists)
    const then = new Date(1e12)
    utimesSync(input, then, then)
    await refused(words(output, '--rounds', '100'), exists)
    const { [`/${mark}`]: _, ...kept } = contents(output)
    assert.deepEqual(kept, expected)
  })

  await t.test('--overwrite replaces them, and leaves nothing beside them', async () => {
    const { code } = await runJson(...words(output, '--rounds', '2', '--overwrite'))
    assert.equal(code, 0)
    assert.deepEqual(hidden(output), [mark])
    assert.notEqual(
      contents(output)['/hashes/part-00000.ndjson'],
      expected['/hashes/part-00000.ndjson'],
    )
  })
  assert.deepEqual(
    readdirSync(scratch).filter(name => !name.startsWith('millrace-')),
    [],
  )
})

test('the same run twice at once: the second is refused, the first is not disturbed', async () => {
  const output = join(folder, 'twice')
  const first = start(['run', ...words(output, '--rounds', '500'), '--workers', '1', '--json'])
  await first.said(/^read csv .* 100 %/m)
  await refused(words(output, '--rounds', '500'), {
    kind: 'resource',
    message: /^output .*\/rejects is being written by process \d+$/,
    hint: /wait until it has ended/,
  })
  assert.equal((await first.ended).code, 0)
  assert.deepEqual(Object.keys(contents(output)).length, 3)
})

test('an input within the output is never replaced', async () => {
  const output = join(folder, 'same')
  mkdirSync(join(output, 'rows'), { recursive: true })
  const within = file(join(output, 'rows'), 'in.csv', 'id,text\n1,a\n')
  await refused([slow, '--input', within, '--output', output, '--overwrite'], {
    kind: 'pipeline',
    message: /^output .*\/rows holds the input .*rows\/in\.csv$/,
    at: /slow\.ts:\d+ {2}\.write$/,
    hint: /write to another/,
  })
  assert.ok(existsSync(within))
})

test('a preview publishes nothing, and is not kept from by what exists', async () => {
  const output = join(folder, 'preview')
  mkdirSync(join(output, 'rows'), { recursive: true })
  file(join(output, 'rows'), 'precious', 'x')
  const before = contents(output)
  const { code, report } = await runJson(...words(output, '--limit', '1000'))
  assert.equal(code, 0)
  assert.equal(report.rows.read, 1000)
  assert.deepEqual(report.outputs, [])
  assert.deepEqual(contents(output), before)
  const fresh = join(folder, 'preview-fresh')
  assert.equal((await runJson(...words(fresh, '--limit', '1'))).code, 0)
  assert.equal(existsSync(fresh), false)
})
