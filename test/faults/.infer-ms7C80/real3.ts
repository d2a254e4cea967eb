// Drafted from 71 rows of "/tmp/w/shared/data/olist/product_category_name_translation.csv.gz". Check kinds and nullability: rows that do not fit are rejected.
import { schema, t } from 'millrace'

export const Row = schema({
  productCategoryName: t.utf8,
  productCategoryNameEnglish: t.utf8,
})

export const options = {
  header: {
    product_category_name: 'productCategoryName',
    product_category_name_english: 'productCategoryNameEnglish',
  },
} as const

// p.read(csv("/tmp/w/shared/data/olist/product_category_name_translation.csv.gz", Row, options))

import { param, pipeline } from 'millrace'
import { csv, parquet } from 'millrace/io'
export default pipeline({
  name: 'drafted',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(csv(input, Row, options)).write(parquet(output))
  },
})
