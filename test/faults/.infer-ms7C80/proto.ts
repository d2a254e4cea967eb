// Drafted from 1 rows of "/tmp/millrace-infer-MuCQ4J/proto.csv". Check kinds and nullability: rows that do not fit are rejected.
import { schema, t } from 'millrace'

export const Row = schema({
  proto: t.int32,
  constructor: t.int32,
  column: t.int32,
})

export const options = {
  header: {
    ['__proto__']: 'proto',
    '': 'column',
  },
} as const

// p.read(csv("/tmp/millrace-infer-MuCQ4J/proto.csv", Row, options))

import { param, pipeline } from 'millrace'
import { csv, parquet } from 'millrace/io'
export default pipeline({
  name: 'drafted',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(csv(input, Row, options)).write(parquet(output))
  },
})
