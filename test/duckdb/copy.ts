/** A pipeline that copies a table, in threads: of the same file or another. */
import { param, pipeline, schema, t } from 'millrace'
import { table } from 'millrace/io'

export const Row = schema({
  id: t.int32,
  whole: t.int64.nullable,
  price: t.decimal(30, 5).nullable,
  name: t.utf8.nullable,
  ok: t.bool.nullable,
  f: t.float64.nullable,
  day: t.date.nullable,
  seen: t.timestamp.nullable,
  wall: t.datetime.nullable,
  raw: t.bytes.nullable,
  any: t.json.nullable,
  tags: t.list(t.utf8.nullable).nullable,
  part: t.struct(schema({ n: t.int32, 'a "b"': t.list(t.decimal(10, 2)) })).nullable,
})

export default pipeline({
  name: 'copy',
  params: { from: param.uri(), to: param.uri() },
  build: (p, { from, to }) => {
    p.read(table(from, 'rows', Row)).write(table(to, 'copy', { mode: 'replace' }))
  },
})
