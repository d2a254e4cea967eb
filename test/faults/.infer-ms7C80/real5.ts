// Drafted from 19,177 rows of "/tmp/w/shared/data/olist_reduced/olist_geolocation_dataset.csv.gz". Check kinds and nullability: rows that do not fit are rejected.
import { schema, t } from 'millrace'

export const Row = schema({
  geolocationZipCodePrefix: t.int32,
  geolocationCity: t.utf8,
  geolocationState: t.utf8,
})

export const options = {
  header: {
    geolocation_zip_code_prefix: 'geolocationZipCodePrefix',
    geolocation_city: 'geolocationCity',
    geolocation_state: 'geolocationState',
  },
} as const

// p.read(csv("/tmp/w/shared/data/olist_reduced/olist_geolocation_dataset.csv.gz", Row, options))

import { param, pipeline } from 'millrace'
import { csv, parquet } from 'millrace/io'
export default pipeline({
  name: 'drafted',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(csv(input, Row, options)).write(parquet(output))
  },
})
