// Drafted from 400 rows of "/tmp/millrace-infer-MuCQ4J/mixed.csv". Check kinds and nullability: rows that do not fit are rejected.
import { schema, t } from 'millrace'

export const Row = schema({
  id: t.int32,
  orderDate: t.timestamp, // 1 of the values is not: rejected
  zip: t.utf8,
  ok: t.bool,
  price: t.decimal(15, 2),
  note: t.utf8.nullable,
  big: t.int64,
  aB: t.utf8,
  aB2: t.utf8,
  ratio: t.float64,
})

export const options = {
  header: {
    Id: 'id',
    'Order Date': 'orderDate',
    'a b': 'aB',
    a_b: 'aB2',
  },
  delimiter: ';',
  formats: {
    orderDate: 'd/M/yyyy H:mm',
  },
} as const

// p.read(csv("/tmp/millrace-infer-MuCQ4J/mixed.csv", Row, options))

import { param, pipeline } from 'millrace'
import { csv, parquet } from 'millrace/io'
export default pipeline({
  name: 'drafted',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(csv(input, Row, options)).write(parquet(output))
  },
})
