// Drafted from 20,000 rows of "/tmp/w/shared/data/olist/olist_order_payments_dataset.csv.gz". Check kinds and nullability: rows that do not fit are rejected.
import { schema, t } from 'millrace'

export const Row = schema({
  orderId: t.utf8,
  paymentSequential: t.int32,
  paymentType: t.utf8,
  paymentInstallments: t.int32,
  paymentValue: t.decimal(15, 2),
})

export const options = {
  header: {
    order_id: 'orderId',
    payment_sequential: 'paymentSequential',
    payment_type: 'paymentType',
    payment_installments: 'paymentInstallments',
    payment_value: 'paymentValue',
  },
} as const

// p.read(csv("/tmp/w/shared/data/olist/olist_order_payments_dataset.csv.gz", Row, options))

import { param, pipeline } from 'millrace'
import { csv, parquet } from 'millrace/io'
export default pipeline({
  name: 'drafted',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(csv(input, Row, options)).write(parquet(output))
  },
})
