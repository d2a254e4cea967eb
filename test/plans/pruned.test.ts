/** What pruning rests on, in whole runs: fewer bytes, whole rejects, and a guard where a proof would be wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schema, t } from 'millrace'
import { emitKernel } from '../../engine/compile/kernel-source.ts'
import { envOf } from '../../engine/compile/env.ts'
import { Fault } from '../../engine/fault.ts'
import type { Node } from '../../engine/plan/node.ts'
import { runRows } from '../../testing/index.ts'

const Wide = schema({ id: t.int32, k: t.int32, a: t.utf8, b: t.utf8, v: t.float64 })
const rows = Array.from({ length: 20_000 }, (_, id) => ({
  id,
  k: id % 100,
  a: `a${id}`,
  b: `b${id % 7}`,
  v: id / 2,
}))
const Name = schema({ k: t.int32, name: t.utf8, more: t.utf8 })
const names = Array.from({ length: 100 }, (_, k) => ({ k, name: `n${k % 9}`, more: `m${k}` }))

test('an exchange ships what is read beyond it, through a lambda', async () => {
  const bytes = async (optimize: boolean) => {
    let shipped = 0
    const { rows: got } = await runRows(
      p => ({
        out: p
          .create(Wide, rows)
          .join(p.create(Name, names), { on: 'k', hint: 'partition' })
          .derive({ twice: [t.float64, r => r.v * 2] })
          .groupBy('name')
          .aggregate(g => ({ sum: g.sum('twice') })),
      }),
      {
        optimize,
        watch: {
          stageEnded: ({ results }) => {
            for (const o of results.flatMap(r => r?.outputs ?? [])) shipped += o.bytes
          },
        },
      },
    )
    return { got: got.out, shipped }
  }
  const [all, few] = [await bytes(false), await bytes(true)]
  assert.deepEqual(few.got, all.got)
  assert.ok(few.shipped < all.shipped * 0.6, `${few.shipped} of ${all.shipped} bytes`)
})

test('a refused row is told with all its columns, whoever reads them', async () => {
  const { rows: got } = await runRows(
    p => {
      const checked = p
        .create(Wide, rows)
        .join(p.create(Name, names), { on: 'k', hint: 'partition' })
        .filter(
          r => {
            if (r.id % 5000 === 7) throw new Error('seven')
            return true
          },
          { onError: 'deadLetter' },
        )
      return {
        out: checked.groupBy('name').aggregate(g => ({ n: g.count() })),
        bad: checked.rejects,
      }
    },
    { rowsPerBatch: 100, partitions: 1 },
  )
  const raw = got.bad.map(r => JSON.parse((r as unknown as { raw: string }).raw))
  assert.deepEqual(
    raw.sort((x, y) => x.id - y.id),
    [7, 5007, 10_007, 15_007].map(id => ({
      ...rows[id],
      name: `n${(id % 100) % 9}`,
      more: `m${id % 100}`,
    })),
  )
})

test('a function that could see that columns were left out ends the run', () => {
  const input = { schema: schema({ a: t.int32 }) } as unknown as Node
  const filter = (fn: unknown): Node =>
    ({
      id: 1,
      type: 'filter',
      op: { fn, reason: 'r', onError: 'fail' },
      inputs: [input],
      schema: input.schema,
      name: 'filter',
      at: 'x.ts:1',
      pruned: ['b'],
    }) as unknown as Node
  const env = envOf(input.schema)
  const emit = (fn: unknown) => emitKernel([filter(fn)], env, new Set([0])).body
  assert.throws(() => emit((r: object) => Object.keys(r).length), Fault)
  assert.throws(() => emit((r: { b: number }) => r.b), Fault)
  assert.match(
    emit((r: { a: number }) => r.a),
    /get \["b"\]\(\)\{return H\(/,
  )
})
