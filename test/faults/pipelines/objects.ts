/** Objects with a nested value that no column takes apart, from JSON lines. */
import { param, pipeline, schema, t } from 'millrace'
import { ndjson } from 'millrace/io'

const Row = schema({ id: t.int32, nested: t.utf8.nullable })

export default pipeline({
  name: 'objects',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    const rows = p.read(ndjson(input, Row))
    rows.rejects.write(ndjson(`${output}/rejects`))
    rows.write(ndjson(`${output}/rows`))
  },
})
