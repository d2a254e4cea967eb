/**
 * Random steps that depend on the order of rows (ties, functions over groups): left out once that order
 * is not the interpreter's any more.
 */
import { coGroupByKey, schema, t } from 'millrace'
import type { Field } from '../../engine/data/schema.ts'
import { after, type Any, plain, some, type Step, text } from './flow.ts'

const Group = schema({ key: t.utf8, rows: t.int32, firsts: t.utf8 })

export const orderSteps: Readonly<Record<string, Step>> = {
  sortBy(flow, { r }) {
    const sort = some(r, plain(flow.schema)).map(f => ({
      by: f.name,
      order: r.pick(['asc', 'desc'] as const),
    }))
    return after(flow, flow.of.sortBy(...sort), 'SELECT * FROM $')
  },
  distinctBy(flow, a) {
    if (!flow.ordered) return null
    const keys = some(a.r, plain(flow.schema))
      .slice(0, 2)
      .map(f => f.name)
    const o = {
      keep: a.r.pick(['first', 'last'] as const),
      by: a.r.pick(plain(flow.schema).list).name,
    }
    return after(flow, flow.of.distinctBy(keys, o), null, a.onePartition)
  },
  top(flow, a) {
    if (!flow.ordered) return null
    const keys = some(a.r, plain(flow.schema))
      .slice(0, 2)
      .map(f => f.name)
    const o = {
      by: a.r.pick(plain(flow.schema).list).name,
      order: a.r.pick(['asc', 'desc'] as const),
    }
    return after(
      flow,
      flow.of.groupBy(...keys).top(1 + a.r.below(3), o) as Any,
      null,
      a.onePartition,
    )
  },
  groupFlatMap(flow, a) {
    if (!flow.ordered) return null
    const { name } = a.r.pick(plain(flow.schema).list)
    const sort = a.r.chance(0.5) ? { sort: { by: a.r.pick(plain(flow.schema).list).name } } : {}
    const of = flow.of.groupBy(name).flatMap(
      Group,
      function* (key, rows) {
        let n = 0
        let firsts = ''
        for (const row of rows as Iterable<Record<string, unknown>>)
          if (n++ < 3) firsts += text(row[flow.schema.list[0]?.name as string])
        yield { key: text((key as Record<string, unknown>)[name]), rows: n, firsts }
      },
      sort,
    )
    return after(flow, of as Any, null, a.onePartition)
  },
  coGroup(flow, a) {
    const { name, kind } = flow.schema.list[0] as Field
    const first = a.other.schema.list[0] as Field
    if (kind.tag !== first.kind.tag || !flow.ordered || !a.other.ordered) return null
    const right = first.name === name ? a.other.of : a.other.of.rename({ [first.name]: name })
    const of = coGroupByKey({ left: flow.of, right } as never, name as never).flatMap(Group, ((
      g: Record<'left' | 'right', Iterable<unknown>> & { key: Record<string, unknown> },
    ) => {
      const [l, r] = [[...g.left].length, [...g.right].length]
      return [{ key: text(g.key[name]), rows: l * 1000 + r, firsts: '' }]
    }) as never)
    return after(flow, of as Any, null, a.onePartition)
  },
}
