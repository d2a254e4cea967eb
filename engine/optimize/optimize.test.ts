/** Golden plans: what the rules make of small pipelines, as `explain` prints it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flatten, pipeline, schema, t } from 'millrace'
import { cutStages } from '../compile/stages.ts'
import { explainStages } from '../compile/explain-stages.ts'
import type { AnySource } from '../io/source.ts'
import { buildPlan } from '../plan/build.ts'
import { optimize } from './optimize.ts'

const S = schema({ k: t.utf8, v: t.int32 })
const T = schema({ k: t.utf8, name: t.utf8 })

const source = (fingerprint: string): AnySource => ({
  format: 'test',
  schema: S,
  uri: fingerprint,
  fingerprint,
  plan: async () => ({ splits: [], inputs: [] }),
  open: () => {
    throw new Error('not read')
  },
})

const explained = (build: Parameters<typeof pipeline>[0]['build']): string => {
  const plan = buildPlan(pipeline({ name: 'golden', build }), {}, { id: 'r', startedAt: 0 })
  return explainStages(cutStages(optimize(plan)))
}

test('two reads of one source become one, and all between exchanges is fused', () => {
  const text = explained(p => {
    const a = p.read(source('x') as never) as never as ReturnType<typeof p.create<typeof S.fields>>
    const b = p.read(source('x') as never) as never as typeof a
    flatten(
      a.filter(r => r.v > 0, { reason: 'neg' }),
      b.where({ v: 3 }),
    ).distinct()
    flatten(a, b)
      .groupBy('k')
      .aggregate(g => ({ n: g.count() }))
      .where({ n: { gt: 1 } })
      .distinct()
  })
  assert.equal((text.match(/^stage/gm) ?? []).length, 5)
  assert.match(text, /fused .*filter "neg"/)
  assert.match(text, /combines before aggregate by k/)
})

test('a join with rows of the pipeline itself is broadcast', () => {
  const text = explained(p => {
    const left = p.create(
      S,
      Array.from({ length: 20_000 }, (_, v) => ({ k: 'a', v })),
    )
    left.join(p.create(T, [{ k: 'a', name: 'A' }]), { on: 'k' }).distinct()
  })
  assert.match(text, /holds .*\(broadcast\)/)
  assert.match(text, /fused .*join.*\(broadcast\)/)
})
