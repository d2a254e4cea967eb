/** Random aggregates: as `aggregate` takes them, and as SQL where SQL can say them. */
import type { Agg } from 'millrace'
import { isNested, type Kind } from '../../engine/data/kind.ts'
import { condition } from './conditions.ts'
import { type Flow, names, plain, q } from './flow.ts'
import type { Random } from './random.ts'

export type Aggregating = Record<string, (...args: unknown[]) => Agg<Kind>>

/** Random aggregates: the function that `aggregate` takes, and the SQL of each. */
export function aggregates(r: Random, flow: Flow) {
  const made: { call: (g: Aggregating) => Agg<Kind>; sql: string | null }[] = []
  for (let i = 0; i < 1 + r.below(4); i++) {
    const { name, kind } = r.pick(flow.schema.list)
    const test = r.chance(0.3) ? condition(r, flow.schema) : null
    const o = test === null ? [] : [{ where: test.where }]
    const filter = test === null ? '' : ` FILTER (WHERE ${test.sql})`
    const numeric = /int32|int64|bigint|float|decimal/.test(kind.tag)
    const ordered = !isNested(kind)
    const zero = kind.optional ? (s: string) => s : (s: string) => `coalesce(${s}, 0)`
    const choices = [
      { call: (g: Aggregating) => g['count']?.(...o), sql: `count(*)${filter}` },
      {
        call: (g: Aggregating) => g['countDistinct']?.(name, ...o),
        sql: `count(DISTINCT ${q(name)})${filter}`,
      },
      ...(ordered
        ? ['min', 'max'].map(fn => ({
            call: (g: Aggregating) => g[fn]?.(name),
            sql: kind.tag === 'bool' ? null : `${fn}(${q(name)})`,
          }))
        : []),
      ...(numeric
        ? [
            {
              call: (g: Aggregating) => g['sum']?.(name, ...o),
              sql: zero(`sum(${q(name)})${filter}`),
            },
            { call: (g: Aggregating) => g['mean']?.(name, ...o), sql: `avg(${q(name)})${filter}` },
          ]
        : []),
      ...(flow.ordered
        ? [
            {
              call: (g: Aggregating) =>
                g['first']?.(name, { by: r.pick(plain(flow.schema).list).name }),
              sql: null,
            },
            {
              call: (g: Aggregating) =>
                g['last']?.(name, { by: ordered ? name : plain(flow.schema).list[0]?.name }),
              sql: null,
            },
          ]
        : []),
    ]
    made.push(r.pick(choices) as (typeof made)[number])
  }
  let prefix = 'agg'
  while (names(flow.schema).some(n => n.startsWith(prefix))) prefix += '_'
  // `call` may draw, and `build` runs once a thread: each is called once, here.
  return {
    fn: (g: unknown) =>
      Object.fromEntries(made.map(({ call }, i) => [`${prefix}${i}`, call(g as Aggregating)])),
    sql: made.some(m => m.sql === null) ? null : made.map(m => m.sql).join(', '),
  }
}
