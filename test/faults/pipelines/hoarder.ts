/** A CombineFn that keeps every row in a Map: with enough rows V8's heap overflows, and V8 aborts. */
import { combineFn, param, pipeline, schema, t } from 'millrace'
import { csv, ndjson } from 'millrace/io'

const Row = schema({ id: t.int32, text: t.utf8 })

// Of each row. The environment is no part of the plan: a rerun with less completes the same run.
const COPIES = Number(process.env['HOARD_COPIES'] ?? 50)

/** How many different texts there are: it keeps copies of each. */
const hoard = combineFn(schema({ id: t.int32, text: t.utf8 }), {
  output: t.int64,
  createAccumulator: () => new Map<string, string[]>(),
  addInput(kept, row) {
    for (let i = 0; i < COPIES; i++) kept.set(`${row.id}-${i}`, [row.text, `${row.text}${i}`])
    return kept
  },
  mergeAccumulators(a, b) {
    for (const [key, value] of b) a.set(key, value)
    return a
  },
  extractOutput: kept => kept.size,
})

export default pipeline({
  name: 'hoarder',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(csv(input, Row))
      .aggregate(g => ({ texts: g.combine(hoard) }))
      .named('hoard texts')
      .write(ndjson(output))
  },
})
