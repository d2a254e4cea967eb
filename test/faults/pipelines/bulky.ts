/** Rows that do not compress well, through an exchange to Parquet, NDJSON and, where asked, a warehouse: what fills a disk. */
import { param, pipeline, schema, t } from 'millrace'
import { csv, ndjson, parquet, table } from 'millrace/io'

const Row = schema({ id: t.int32, text: t.utf8 })

export default pipeline({
  name: 'bulky',
  params: {
    input: param.uri(),
    output: param.uri(),
    warehouse: param.text(''),
    /** Group rows by the first letter of their text, so that each folder is a sort of its own. */
    folders: param.flag(),
  },
  build(p, { input, output, warehouse, folders }) {
    const rows = p.read(csv(input, Row))
    rows.rejects.write(ndjson(`${output}/rejects`))
    const last = rows.distinctBy('id', { keep: 'last', by: 'text' })
    const sorted = last.derive({ first: [t.utf8, r => r.text.slice(0, 1)] })
    if (folders) sorted.write(parquet(`${output}/folders`, { partitionBy: ['first'] }))
    else last.write(parquet(`${output}/rows`))
    last.select('id').write(ndjson(`${output}/ids`))
    if (warehouse !== '') last.write(table(warehouse, 'rows', { mode: 'replace' }))
  },
})
