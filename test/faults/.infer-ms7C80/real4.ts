// Drafted from 20,000 rows of "/tmp/w/shared/data/olist_reduced/olist_customers_dataset.csv.gz". Check kinds and nullability: rows that do not fit are rejected.
import { schema, t } from 'millrace'

export const Row = schema({
  customerId: t.utf8,
  customerZipCodePrefix: t.int32,
})

export const options = {
  header: {
    customer_id: 'customerId',
    customer_zip_code_prefix: 'customerZipCodePrefix',
  },
} as const

// p.read(csv("/tmp/w/shared/data/olist_reduced/olist_customers_dataset.csv.gz", Row, options))

import { param, pipeline } from 'millrace'
import { csv, parquet } from 'millrace/io'
export default pipeline({
  name: 'drafted',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(csv(input, Row, options)).write(parquet(output))
  },
})
