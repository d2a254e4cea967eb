/** A pipeline whose functions go wrong in the way that `mode` says. */
import { existsSync, writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { param, pipeline, schema, t } from 'millrace'
import { collectSink } from '../../testing/collect.ts'

const Row = schema({ id: t.int32, text: t.utf8 })

export default pipeline({
  name: 'faults',
  params: { mode: param.text(), out: param.uri() },
  build(p, { mode, out }) {
    const rows = p.create(
      Row,
      Array.from({ length: 1000 }, (_, id) => ({ id, text: `t${id}` })),
    )
    const die = (r: { id: number }): boolean => {
      const mark = `${out}.died`
      if (r.id !== 500) return true
      if (mode === 'diesOnce' && existsSync(mark)) return true
      if (mode === 'diesOnce') writeFileSync(mark, '')
      return process.exit(7)
    }
    const lambdas: Record<string, (r: { id: number; text: string }) => unknown> = {
      throws: r => {
        if (r.id === 321) throw new RangeError('not this one')
        return 1
      },
      wrongKind: r => (r.id === 3 ? 'three' : r.id),
      fraction: r => r.id / 2,
      promise: async r => r.id,
      nan: () => Number.NaN,
      fine: r => r.id,
    }
    const fn = lambdas[mode] ?? (r => (die(r) ? r.id : 0))
    const kept = mode === 'otherPlan' && !isMainThread ? rows.filter(r => r.id > 0) : rows
    kept
      .derive({ x: [t.int32, fn as (r: { id: number }) => number] })
      .write(collectSink(`${out}/rows`) as never)
  },
})
