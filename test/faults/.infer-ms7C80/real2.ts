// Drafted from 3,095 rows of "/tmp/w/shared/data/olist/olist_sellers_dataset.csv.gz". Check kinds and nullability: rows that do not fit are rejected.
import { schema, t } from 'millrace'

export const Row = schema({
  sellerId: t.utf8,
  sellerZipCodePrefix: t.int32,
  sellerCity: t.utf8,
  sellerState: t.utf8,
})

export const options = {
  header: {
    seller_id: 'sellerId',
    seller_zip_code_prefix: 'sellerZipCodePrefix',
    seller_city: 'sellerCity',
    seller_state: 'sellerState',
  },
} as const

// p.read(csv("/tmp/w/shared/data/olist/olist_sellers_dataset.csv.gz", Row, options))

import { param, pipeline } from 'millrace'
import { csv, parquet } from 'millrace/io'
export default pipeline({
  name: 'drafted',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(csv(input, Row, options)).write(parquet(output))
  },
})
