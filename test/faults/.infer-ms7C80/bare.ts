// Drafted from 3 rows of "/tmp/millrace-infer-MuCQ4J/bare.csv". Check kinds and nullability: rows that do not fit are rejected.
import { schema, t } from 'millrace'

export const Row = schema({
  column0: t.int32,
  column1: t.decimal(15, 1),
})

export const options = {
  header: false,
} as const

// p.read(csv("/tmp/millrace-infer-MuCQ4J/bare.csv", Row, options))

import { param, pipeline } from 'millrace'
import { csv, parquet } from 'millrace/io'
export default pipeline({
  name: 'drafted',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(csv(input, Row, options)).write(parquet(output))
  },
})
