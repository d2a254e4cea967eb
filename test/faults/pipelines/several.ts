/** Two pipelines, none of them the default. */
import { pipeline, schema, t } from 'millrace'
import { ndjson } from 'millrace/io'

const Row = schema({ id: t.int32 })
const small = (name: string) =>
  pipeline({
    name,
    params: {},
    build(p) {
      p.create(Row, [{ id: 1 }]).write(ndjson('never'))
    },
  })

export const daily = small('daily')
export const hourly = small('hourly')
