/** A pipeline of three stages whose last one fails as long as the file `stop` exists. */
import { existsSync } from 'node:fs'
import { param, pipeline, schema, t } from 'millrace'
import { csv, ndjson, parquet } from 'millrace/io'

const Row = schema({ id: t.int32, text: t.utf8 })

export default pipeline({
  name: 'kept',
  params: {
    input: param.uri(),
    output: param.uri(),
    stop: param.text(),
    token: param.text('none'),
  },
  build(p, { input, output, stop }, run) {
    const rows = p.read(csv(input, Row))
    rows.rejects.write(ndjson(`${output}/rejects`))
    const last = rows.distinctBy('id', { keep: 'last', by: 'text' })
    last.write(parquet(`${output}/rows`))
    last
      .derive({ end: [t.utf8, r => r.text.slice(-1)] })
      .groupBy('end')
      .aggregate(g => ({ rows: g.count(), ids: g.sum('id') }))
      .derive({
        startedAt: [
          t.float64,
          () => {
            if (existsSync(stop)) throw new RangeError('not yet')
            return run.startedAt
          },
        ],
      })
      .write(ndjson(`${output}/ends`))
  },
})
// a comment
