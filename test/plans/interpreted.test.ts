/** No step falls back to the interpreter: every verb, over every kind, runs compiled. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainStages } from '../../engine/compile/explain-stages.ts'
import { interpretedSteps } from '../../engine/compile/interpreted-steps.ts'
import { cutStages, type Stage } from '../../engine/compile/stages.ts'
import { schema, t } from '../../engine/data/schema.ts'
import { optimize } from '../../engine/optimize/optimize.ts'
import { buildPlan } from '../../engine/plan/build.ts'
import type { Node } from '../../engine/plan/node.ts'
import { cases } from '../conformance/cases.ts'
import definition from '../conformance/pipeline.ts'

test('no step of any conformance case is interpreted', () => {
  const seen = new Set<string>()
  for (const name of Object.keys(cases)) {
    const plan = optimize(
      buildPlan(definition, { case: name, out: '/out' }, { id: 'r', startedAt: 0 }),
    )
    const stages = cutStages(plan)
    assert.deepEqual(interpretedSteps(stages.stages), [], name)
    assert.match(explainStages(stages), /^interpreted {2}no step: all are compiled$/m)
    for (const node of plan.nodes) seen.add(node.type)
  }
  const verbs = ['filter', 'where', 'dropNulls', 'fillNulls', 'derive', 'project', 'map', 'flatMap']
  const more = [
    'mapAsync',
    'parDo',
    'partition',
    'flatten',
    'join',
    'top',
    'coGroup',
    'groupFlatMap',
  ]
  for (const type of [...verbs, ...more]) assert.ok(seen.has(type), `no case has ${type}`)
})

test('a step without generated code is told', () => {
  const s = schema({ a: t.int32 })
  const shared = { id: 0, schema: s, at: '' }
  const head = { ...shared, type: 'create', op: { rows: [] }, inputs: [], name: 'create' } as Node
  const step = (type: string, op: object): Node =>
    ({ ...shared, type, op, inputs: [head], name: type }) as unknown as Node
  const nodes = [
    step('unheardOf', {}),
    step('where', { tests: [{ column: 'missing', op: 'eq', value: 1 }], reason: '' }),
    step('where', { tests: [{ column: 'a', op: 'eq', value: 1 }], reason: '' }),
  ]
  const stage = { id: 0, name: 's', head, inputs: [], nodes, terminals: [], shared: [] } as Stage
  assert.deepEqual(interpretedSteps([stage]), nodes.slice(0, 2))
})
