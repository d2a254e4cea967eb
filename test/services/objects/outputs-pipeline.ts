/** Writes files of every format, some in Hive folders, and rejects; `wave` changes the rows. */
import { param, pipeline, schema, t } from 'millrace'
import { csv, ndjson, parquet } from 'millrace/io'

const Line = schema({
  id: t.int32,
  day: t.date,
  city: t.utf8.nullable,
  price: t.decimal(10, 2),
})

export default pipeline({
  name: 'outputs',
  params: { input: param.uri(), output: param.uri(), wave: param.number(0) },
  build(p, { input, output, wave }) {
    const lines = p.read(csv(input, Line))
    lines.rejects.write(ndjson(`${output}/rejects #1`))
    const own = lines.filter(l => l.id % 10 >= wave)
    own.write(parquet(`${output}/days?`, { partitionBy: ['day'] }))
    own.write(csv(`${output}/50% ä`, { rowsPerFile: 2000, names: 'snake_case' }))
    own
      .groupBy('city')
      .aggregate(g => ({ revenue: g.sum('price'), lines: g.count() }))
      .write(ndjson(`${output}/cities`, { compression: 'gzip', sortBy: ['city'] }))
  },
})
