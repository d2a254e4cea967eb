/** Functions that go wrong on one row of a file, each as `mode` says. */
import { param, pipeline, schema, t } from 'millrace'
import { csv, ndjson, table } from 'millrace/io'

const Line = schema({ id: t.int32, text: t.utf8 })
const Out = schema({ id: t.int32, text: t.utf8, more: t.utf8 })
type Row = { id: number; text: string }

function explode(id: number): number {
  if (id === 3) throw new RangeError('not this one')
  return id
}

export default pipeline({
  name: 'lambdas',
  params: { mode: param.text(), input: param.uri(), output: param.uri(), lake: param.text('') },
  build(p, { mode, input, output, lake }) {
    const rows = p.read(csv(input, Line))
    const third = (wrong: unknown, right: unknown) => (r: Row) =>
      (r.id === 3 ? wrong : right) as never
    if (mode === 'throws') rows.derive({ x: [t.int32, r => explode(r.id)] }).write(ndjson(output))
    if (mode === 'rejects')
      rows
        .derive({ x: [t.int32, r => explode(r.id)] }, { onError: 'deadLetter' })
        .rejects.write(ndjson(output))
    if (mode === 'kind') rows.derive({ x: [t.int32, third('three', 1)] }).write(ndjson(output))
    if (mode === 'null') rows.derive({ x: [t.utf8, third(null, '')] }).write(ndjson(output))
    if (mode === 'date')
      rows.derive({ x: [t.timestamp, third(new Date(0), 0)] }).write(ndjson(output))
    if (mode === 'map')
      rows.map(Out, third({ id: 3, text: '' }, { id: 1, text: '', more: '' })).write(ndjson(output))
    if (mode === 'extra')
      rows
        .map(Line, third({ id: 3, text: '', extra: 1 }, { id: 1, text: '' }))
        .write(ndjson(output))
    if (mode === 'flatMap') rows.flatMap(Line, third(7, [])).write(ndjson(output))
    if (mode === 'mapAsync')
      rows
        .mapAsync(Line, async r => ({ id: explode(r.id), text: '' }), { concurrency: 2 })
        .write(ndjson(output))
    if (mode === 'table') rows.write(table(lake, 'lines', { mode: 'replace' }))
  },
})
