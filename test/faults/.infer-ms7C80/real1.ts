// Drafted from 20,000 rows of "/tmp/w/shared/data/olist/olist_products_dataset.csv.gz". Check kinds and nullability: rows that do not fit are rejected.
import { schema, t } from 'millrace'

export const Row = schema({
  productId: t.utf8,
  productCategoryName: t.utf8.nullable,
  productNameLenght: t.int32.nullable,
  productDescriptionLenght: t.int32.nullable,
  productPhotosQty: t.int32.nullable,
  productWeightG: t.int32.nullable,
  productLengthCm: t.int32.nullable,
  productHeightCm: t.int32.nullable,
  productWidthCm: t.int32.nullable,
})

export const options = {
  header: {
    product_id: 'productId',
    product_category_name: 'productCategoryName',
    product_name_lenght: 'productNameLenght',
    product_description_lenght: 'productDescriptionLenght',
    product_photos_qty: 'productPhotosQty',
    product_weight_g: 'productWeightG',
    product_length_cm: 'productLengthCm',
    product_height_cm: 'productHeightCm',
    product_width_cm: 'productWidthCm',
  },
} as const

// p.read(csv("/tmp/w/shared/data/olist/olist_products_dataset.csv.gz", Row, options))

import { param, pipeline } from 'millrace'
import { csv, parquet } from 'millrace/io'
export default pipeline({
  name: 'drafted',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(csv(input, Row, options)).write(parquet(output))
  },
})
