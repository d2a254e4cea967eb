/** What does not type-check but runs, each as `mode` says: the pipeline is refused while it is built. */
import { param, pipeline, schema, t } from 'millrace'
import { csv, ndjson, parquet, table } from 'millrace/io'

const Line = schema({ invoiceNo: t.utf8, quantity: t.int32, unitPrice: t.decimal(10, 3) })

export default pipeline({
  name: 'misspelt',
  params: { mode: param.text(), out: param.uri() },
  build(p, { mode, out }) {
    const lines = p.create(Line, [{ invoiceNo: 'a', quantity: 1, unitPrice: 2 }])
    // biome-ignore lint/suspicious/noExplicitAny: what is written here does not type-check, which is the point
    const loose = lines as any
    if (mode === 'column') loose.select('prise').write(ndjson(out))
    if (mode === 'where') loose.where({ quantty: 1 }).write(ndjson(out))
    if (mode === 'throws') throw new TypeError('out of order')
    if (mode === 'async') return Promise.resolve() as never
    if (mode === 'mode')
      lines.write((table as never as (...a: unknown[]) => never)('duckdb:x', 'lines'))
    if (mode === 'csv') p.read(csv(out, Line, { delimiter: '\n' })).write(ndjson(out))
    if (mode === 'cloud') lines.write(ndjson('ftp://bucket/x'))
    if (mode === 'same') for (const uri of [`${out}/x`, `${out}/./x/`]) lines.write(ndjson(uri))
    if (mode === 'nested') {
      lines.write(parquet(`${out}/all/of/it`))
      lines.write(ndjson(`${out}/all`))
    }
    if (mode === 'warehouse') {
      lines.write(parquet(`${out}/lake`))
      lines.write(table(`duckdb:${out}/lake/x.duckdb`, 'lines', { mode: 'append' }))
    }
  },
})
