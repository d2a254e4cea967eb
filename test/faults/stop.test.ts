/**
 * Ctrl-C while rows are spilled and while outputs are published: the run stops cleanly and leaves
 * nothing, or, where its outputs were becoming visible already, it is done and leaves all of them.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  bulkyInput,
  moduleOf,
  reportOf,
  type Placed,
  start,
  workFolder,
  keepNothing,
  placeWords,
} from './command.ts'

const folder = workFolder('stop')
const input = bulkyInput(folder, 150_000)

let runs = 0
function run(...more: string[]): Placed {
  const [output, scratch] = [join(folder, `out-${runs}`), join(folder, `scratch-${runs++}`)]
  for (const each of [output, scratch]) mkdirSync(each)
  const of = [...placeWords(input, output, scratch), '--memory', '16MB', ...keepNothing]
  const started = start(['run', moduleOf('bulky.ts'), ...of, '--json', ...more])
  return { ...started, output, scratch }
}

const spilled = (scratch: string): number =>
  readdirSync(scratch, { recursive: true }).filter(name => String(name).endsWith('.spill')).length

describe('Ctrl-C', { concurrency: 1 }, () => {
  for (const files of [1, 3])
    test(`while rows are spilled, at ${files} spill files or more: nothing is left`, async () => {
      const at = run('--folders')
      let done = false
      void at.ended.then(() => {
        done = true
      })
      while (!done && spilled(at.scratch) < files) await sleep(5)
      at.child.kill('SIGINT')
      const answer = await at.ended
      assert.deepEqual([answer.code, reportOf(answer).status], [130, 'interrupted'], answer.err)
      assert.deepEqual([readdirSync(at.output), readdirSync(at.scratch)], [[], []])
    })

  for (const delayMs of [0, 20, 80])
    test(`${delayMs} ms after publishing began: all of it or nothing`, async () => {
      const lake = join(folder, `lake-${delayMs}`)
      mkdirSync(lake)
      const at = run('--warehouse', `duckdb:${lake}/x.duckdb`)
      await at.said(/^publishing: files and tables$/m)
      await sleep(delayMs)
      at.child.kill('SIGINT')
      const answer = await at.ended
      const { status } = reportOf(answer)
      assert.deepEqual(readdirSync(at.scratch), [])
      if (status === 'done') {
        assert.equal(answer.code, 0)
        assert.deepEqual(readdirSync(at.output).sort(), ['ids', 'rejects', 'rows'])
        assert.match(answer.err, /its outputs were being published already: the run is done/)
      } else {
        assert.deepEqual([answer.code, status], [130, 'interrupted'], answer.err)
        assert.deepEqual(readdirSync(at.output), [])
      }
    })
})
