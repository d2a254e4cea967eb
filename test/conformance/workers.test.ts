/** All conformance cases on worker threads, in one run for each setting: rows and their order are equal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { answered, compare, interpreted } from './answers.ts'
import { cases } from './cases.ts'
import definition from './pipeline.ts'
import { ordered, settings } from './settings.ts'

const module = fileURLToPath(new URL('./pipeline.ts', import.meta.url))

test('conformance: all cases on worker threads', async t => {
  const expected = await interpreted(definition)
  assert.ok(
    new Set([...expected.keys()].map(o => o.split('/')[0])).size === Object.keys(cases).length,
  )
  for (const [setting, options] of Object.entries(settings))
    await t.test(setting, async () => {
      const run = { ...options, pipeline: module, workers: 2 }
      const { answer, report } = await answered(expected, run)
      compare(answer, expected, ordered(options))
      const spilled = report.stages.filter(s => s.spilledBytes > 0).length
      assert.equal(spilled > 20, options.operatorBytes !== undefined)
    })
})
