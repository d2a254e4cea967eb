/**
 * Golden plans: each pipeline of `cases` has beside it, as text, the plan as it was written, the plan
 * as the optimizer left it, and its stages. A case is added by adding a pipeline; `UPDATE_PLANS=1` writes
 * the texts anew.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { explainStages } from '../../engine/compile/explain-stages.ts'
import { cutStages } from '../../engine/compile/stages.ts'
import { optimize } from '../../engine/optimize/optimize.ts'
import { buildPlan } from '../../engine/plan/build.ts'
import { type Definition, pipelineOf } from '../../engine/plan/definition.ts'
import { explainLogical } from '../../engine/plan/explain-logical.ts'
import { LINE_MAX } from '../../engine/plan/text-block.ts'

const folder = fileURLToPath(new URL('cases/', import.meta.url))
const update = process.env['UPDATE_PLANS'] === '1'

function explained(definition: Definition): string {
  const plan = buildPlan(definition, {}, { id: 'r', startedAt: 0 })
  const optimized = optimize(plan)
  const parts = [
    explainLogical(plan),
    explainLogical(optimized),
    explainStages(cutStages(optimized)),
  ]
  return `${parts.join('\n\n')}\n`
}

const paths = globSync(`${folder}*.ts`).sort()

for (const path of paths)
  test(`plan: ${basename(path, '.ts')}`, async () => {
    const definition = pipelineOf(await import(pathToFileURL(path).href))
    const text = explained(definition)
    const golden = path.replace(/\.ts$/, '.txt')
    if (update) writeFileSync(golden, text)
    assert.equal(text, readFileSync(golden, 'utf8'))
    for (const line of text.split('\n')) assert.ok(line.length <= LINE_MAX, line)
  })

test('each text has its pipeline', () => {
  const texts = globSync(`${folder}*.txt`).map(p => basename(p, '.txt'))
  assert.deepEqual(
    texts.sort(),
    paths.map(p => basename(p, '.ts')),
  )
})
