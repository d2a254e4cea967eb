/** Random steps that take nested columns apart, or make them. */
import { schema, t } from 'millrace'
import { after, plain, type Step, tagged, text } from './flow.ts'

const Pair = schema({ k: t.int32, v: t.utf8.nullable })

export const nestedSteps: Readonly<Record<string, Step>> = {
  unnest(flow, { r }) {
    const lists = tagged(flow.schema, 'list')
    if (lists.length === 0) return null
    const { name } = r.pick(lists)
    const o = { prefix: `${name}_`, ...(r.chance(0.5) ? { keepEmpty: r.chance(0.5) } : {}) }
    return after(flow, flow.of.unnest(name as never, o as never), null)
  },
  unpack(flow, { r }) {
    const structs = tagged(flow.schema, 'struct')
    if (structs.length === 0) return null
    const { name } = r.pick(structs)
    return after(flow, flow.of.unpack(name as never, { prefix: `${name}_` } as never), null)
  },
  nest(flow, { r }) {
    const name = `n${flow.schema.list.length}`
    if (name in flow.schema.fields) return null
    const from = r.pick(plain(flow.schema).list).name
    const made = r.pick([
      [
        t.list(t.struct(Pair)),
        (row: Record<string, unknown>) => [
          { k: text(row[from]).length, v: null },
          { k: 0, v: text(row[from]) },
        ],
      ],
      [
        t.json.nullable,
        (row: Record<string, unknown>) => (row[from] === null ? null : { v: text(row[from]) }),
      ],
    ])
    return after(flow, flow.of.derive({ [name]: made as never }), null)
  },
}
