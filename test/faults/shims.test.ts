/**
 * What only a shim can bring about, loaded into the real command and its threads: a clock that jumps,
 * and a disk that answers EIO. (That reading a source answers EIO is real: `input.test.ts`.)
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import {
  bulkyInput,
  keepNothing,
  moduleOf,
  placeWords,
  reportOf,
  root,
  start,
  workFolder,
} from './command.ts'

const folder = workFolder('shims')
const input = bulkyInput(folder, 120_000)

const shim = (name: string): string =>
  `--import=${pathToFileURL(join(root, 'test/faults/shims', name)).href}`

interface Place {
  readonly words: string[]
  readonly output: string
  readonly scratch: string
}
let places = 0
function place(...more: string[]): Place {
  const [output, scratch] = [`out-${places}`, `scratch-${places++}`].map(n => join(folder, n))
  for (const each of [output, scratch]) mkdirSync(each as string)
  const of = [...placeWords(input, output as string, scratch as string), ...keepNothing]
  const words = ['run', moduleOf('bulky.ts'), ...of, '--memory', '16MB', '--json', ...more]
  return { words, output: output as string, scratch: scratch as string }
}

const files = (output: string): string[] =>
  readdirSync(output, { recursive: true, withFileTypes: true })
    .filter(e => e.isFile())
    .map(e => join(e.parentPath, e.name))
    .sort()
    .map(path => {
      const sum = createHash('sha256').update(readFileSync(path)).digest('hex')
      return `${path.slice(output.length)} ${sum}`
    })

test('a clock that jumps back and forth changes no byte, and no run hangs or fails', async () => {
  const [calm, jumping] = [place(), place()]
  const one = await start(calm.words).ended
  const other = await start(jumping.words, { NODE_OPTIONS: shim('clock.ts') }).ended
  assert.deepEqual([one.code, other.code], [0, 0], one.err + other.err)
  assert.deepEqual(files(jumping.output), files(calm.output))
  const { seconds, stages } = reportOf(other)
  assert.ok(seconds > 0 && seconds < 3600)
  for (const stage of stages) assert.ok(stage.seconds >= 0 && stage.seconds < 3600)
})

describe('a disk that answers EIO', { concurrency: 1 }, () => {
  // biome-ignore format: a case a line
  const cases = [
    ['writeSync', 'scratch', 3, /^spill file .* cannot be written \(EIO\)$/, /--scratch FOLDER/],
    ['readSync', 'scratch', 2, /^spill file .* cannot be read \(EIO\)$/, /--scratch FOLDER/],
    ['writeSync', 'output', 1, /^file .* cannot be written \(EIO\)$/, /write to a folder on another disk/],
  ] as const
  for (const [call, where, nth, message, hint] of cases)
    test(`${call} in the ${where} folder, after ${nth} that went well`, async () => {
      const at = place()
      const env = {
        NODE_OPTIONS: shim('disk-errors.ts'),
        DISK_ERRORS: `${call}:${at[where]}${where === 'output' ? '/.rows' : ''}:${nth}`,
      }
      const answer = await start(at.words, env).ended
      const { error } = reportOf(answer)
      assert.deepEqual([answer.code, error?.kind], [1, 'resource'], JSON.stringify(error))
      assert.match(error?.message ?? '', message)
      assert.match(error?.hint ?? '', hint)
      assert.deepEqual([readdirSync(at.output), readdirSync(at.scratch)], [[], []])
    })
})
