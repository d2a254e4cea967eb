// Drafted from 50 rows of "/tmp/millrace-infer-MuCQ4J/in.ndjson". Check kinds and nullability: rows that do not fit are rejected.
import { schema, t } from 'millrace'

export const Row = schema({
  id: t.int32,
  at: t.timestamp,
  tags: t.utf8,
  big: t.int64.nullable,
})

// p.read(ndjson("/tmp/millrace-infer-MuCQ4J/in.ndjson", Row))

import { param, pipeline } from 'millrace'
import { ndjson, parquet } from 'millrace/io'
export default pipeline({
  name: 'drafted',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(ndjson(input, Row)).write(parquet(output))
  },
})
