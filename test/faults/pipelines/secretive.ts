/** Addresses and parameters that hold secrets, and a way to fail late with them at hand, as `mode` says. */
import { param, pipeline, schema, t } from 'millrace'
import { csv, ndjson, table } from 'millrace/io'

const Row = schema({ id: t.int32, text: t.utf8 })

export default pipeline({
  name: 'secretive',
  params: {
    mode: param.text(),
    input: param.uri(),
    output: param.uri(),
    apiToken: param.secret('none'),
  },
  build(p, { mode, input, output, apiToken }) {
    if (mode === 'exit') process.exit(3)
    const rows = p.read(csv(input, Row))
    if (mode === 'table') rows.write(table(output, 'rows', { mode: 'replace' }))
    else
      rows
        .derive({
          seen: [
            t.utf8,
            () => {
              if (mode === 'throws')
                throw new Error(`401 from https://me:${apiToken}@host/x?access_token=${apiToken}`)
              return 'x'
            },
          ],
        })
        .write(ndjson(output))
  },
})
