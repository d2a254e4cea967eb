/**
 * One suite over two implementations: every case runs in the interpreter, and compiled, in this thread
 * and on worker threads, with batches of 1, 7 and 65,536 rows, with one partition and several, with
 * plenty of memory and with operators that must spill. Rows are equal everywhere; with one partition so
 * is their order.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Answer, answered, compare, interpreted } from './answers.ts'
import { callers } from './callers.ts'
import { cases } from './cases.ts'
import definition from './pipeline.ts'
import { ordered, settings } from './settings.ts'

for (const name of Object.keys(cases))
  test(`conformance: ${name}`, async t => {
    const params = { case: name }
    const expected = await interpreted(definition, params)
    for (const [setting, options] of Object.entries(settings))
      await t.test(setting, async () => {
        const run = { ...options, pipeline: definition, params }
        const { answer } = await answered(expected, run)
        compare(answer, expected, ordered(options))
      })
  })

test('the engine calls lambdas from emitted loops, the interpreter from its own', async () => {
  const file = fileURLToPath(new URL('./callers.ts', import.meta.url))
  const expected = await interpreted(callers)
  const by = (answer: Answer) => [...answer.values()].map(({ rows }) => rows[0]?.['by'])
  assert.deepEqual(by(expected), Array(3).fill('interpreter'))
  for (const pipeline of [callers, file]) {
    const { answer } = await answered(expected, { pipeline, workers: 2 })
    assert.deepEqual(by(answer), Array(3).fill('emitted code'))
  }
})
