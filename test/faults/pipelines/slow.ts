/** A pipeline that takes as long as it is told, so that a signal finds it at work; or fails in it. */
import { createHash } from 'node:crypto'
import { param, pipeline, schema, t } from 'millrace'
import { csv, ndjson, parquet } from 'millrace/io'

const Row = schema({ id: t.int32, text: t.utf8 })

/** About 2 µs a round. */
function hash(text: string, rounds: number): string {
  let out = text
  for (let i = 0; i < rounds; i++) out = createHash('sha256').update(out).digest('hex')
  return out
}

export default pipeline({
  name: 'slow',
  params: {
    input: param.uri(),
    output: param.uri(),
    rounds: param.number(1),
    fail: param.number(-1),
  },
  build(p, { input, output, rounds, fail }) {
    const rows = p.read(csv(input, Row))
    rows.rejects.write(ndjson(`${output}/rejects`))
    const hashed = rows.distinctBy('id', { keep: 'last', by: 'text' }).derive({
      hash: [
        t.utf8,
        r => {
          if (r.id === fail) throw new RangeError('not this one')
          return hash(r.text, rounds)
        },
      ],
    })
    hashed.write(parquet(`${output}/rows`))
    hashed.select('id', 'hash').write(ndjson(`${output}/hashes`))
  },
})
