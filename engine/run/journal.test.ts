/** Marks of unfinished runs: what is left where a process dies as it makes one. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { startOf } from './checkpoint/process-start.ts'
import { Journal, runKey } from './journal.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-journal-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const DEAD = 2 ** 22 + 7
const targets = [join(folder, 'out')]
const keyOf = (plan: string): string => runKey(plan, targets, [])
const making = (plan: string, pid: number, text: string): string => {
  const name = `.millrace-${keyOf(plan)}.unfinished.${pid}`
  writeFileSync(join(folder, name), text)
  return name
}
const marks = (): string[] => readdirSync(folder).sort()

test('one that was being made as its process died goes with the next run', () => {
  making('a', DEAD, '')
  making('a', DEAD + 1, `process ${DEAD + 1}\nstarted 1\n`)
  // A process of that number lives, which was started later.
  making('a', process.pid, `process ${process.pid}\nstarted 1\n`)
  const journal = new Journal(targets, keyOf('a'))
  assert.equal(journal.begin(), false)
  assert.deepEqual(marks(), [`.millrace-${keyOf('a')}.unfinished`])
  journal.end()
  assert.deepEqual(marks(), [])
})

test('one that a living process makes stays, and that of other outputs', () => {
  const parent = process.ppid
  const living = making('b', parent, `process ${parent}\nstarted ${startOf(parent)}\n`)
  const beginning = making('b', 1, '')
  const other = making('c', DEAD, `process ${DEAD}\nstarted 1\noutputs ffffffffffffffff\n`)
  const journal = new Journal(targets, keyOf('b'))
  journal.begin()
  journal.end()
  assert.deepEqual(marks(), [living, beginning, other].sort())
})
