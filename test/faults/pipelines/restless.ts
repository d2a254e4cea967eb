/** Builds another plan in a worker thread, or at another time: in the way that `mode` says. */
import { isMainThread } from 'node:worker_threads'
import { param, pipeline, schema, t } from 'millrace'
import { ndjson } from 'millrace/io'

const Row = schema({ id: t.int32 })

export default pipeline({
  name: 'restless',
  params: { mode: param.text(), out: param.uri() },
  build(p, { mode, out }) {
    const rows = p.create(Row, [{ id: 1 }, { id: 2 }]).reshuffle()
    const there = !isMainThread
    const kept = mode === 'step' && there ? rows.filter(r => r.id > 0) : rows
    const doubled = kept.derive({ twice: [t.int32, r => r.id * 2] }).named('double')
    const named = mode === 'name' && there ? doubled.named('times two') : doubled
    const last =
      mode === 'function' && there ? named.filter(r => r.id > 1) : named.filter(r => r.id > 0)
    last.write(ndjson(out))
    if (mode === 'fewer' && !there) last.write(ndjson(`${out}-again`))
  },
})
