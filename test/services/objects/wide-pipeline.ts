/** Few rows in, many long ones out: files of 4 MB each. */
import { param, pipeline, schema, t } from 'millrace'
import { csv } from 'millrace/io'

const Seed = schema({ id: t.int32 })
const Wide = schema({ id: t.int32, text: t.utf8 })
const ROWS = 1000

export default pipeline({
  name: 'wide',
  params: { output: param.uri(), seeds: param.number(240) },
  build(p, { output, seeds }) {
    const rows = Array.from({ length: seeds }, (_, id) => ({ id }))
    p.create(Seed, rows)
      .flatMap(Wide, ({ id }) =>
        Array.from({ length: ROWS }, (_, i) => ({
          id: id * ROWS + i,
          text: String((id * ROWS + i) * 7919)
            .repeat(120)
            .slice(0, 1000),
        })),
      )
      .write(csv(`${output}/wide`, { rowsPerFile: 4000 }))
  },
})
