/** Random steps that bring rows together by key, and what they are in SQL. */
import { flatten } from 'millrace'
import { aggregates } from './aggregates.ts'
import { condition } from './conditions.ts'
import { after, type Any, list, names, plain, q, some, type Step } from './flow.ts'

export const keySteps: Readonly<Record<string, Step>> = {
  distinct: (flow, a) =>
    after(flow, flow.of.distinct(), 'SELECT DISTINCT * FROM $', flow.ordered && a.onePartition),
  groupBy(flow, a) {
    const keys = some(a.r, plain(flow.schema))
      .slice(0, 2)
      .map(f => f.name)
    const { fn, sql } = aggregates(a.r, flow)
    const of = (flow.of.groupBy(...keys) as unknown as { aggregate(fn: unknown): Any }).aggregate(
      fn,
    )
    const query = sql === null ? null : `SELECT ${list(keys)}, ${sql} FROM $ GROUP BY ${list(keys)}`
    const next = after(flow, of, query, flow.ordered && a.onePartition)
    // Names of the aggregates, which the next step's SQL uses.
    const columns = list(names(next.schema))
    return { ...next, sql: next.sql && `SELECT * FROM (${next.sql}) AS g(${columns})` }
  },
  join(flow, { r, other, onePartition }) {
    const [left] = flow.schema.list
    const [right] = other.schema.list
    if (!left || !right || left.kind.tag !== right.kind.tag) return null
    if (names(other.schema).some(n => n in flow.schema.fields)) return null
    const kind = r.pick(['join', 'leftJoin', 'fullJoin', 'semiJoin', 'antiJoin'] as const)
    const hint = r.pick([undefined, 'partition', 'broadcast'])
    const o = {
      on: { [left.name]: right.name },
      ...(hint && !/full|semi|anti/.test(kind) ? { hint } : {}),
    }
    const of = (flow.of[kind] as (right: Any, o: object) => Any).call(flow.of, other.of, o)
    const on = `l.${q(left.name)} = r.${q(right.name)}`
    const taken = names(other.schema)
      .slice(1)
      .map(n => `r.${q(n)}`)
    const own = names(flow.schema).map((n, i) =>
      kind === 'fullJoin' && i === 0
        ? `coalesce(l.${q(n)}, r.${q(right.name)}) AS ${q(n)}`
        : `l.${q(n)}`,
    )
    const verb = {
      join: 'JOIN',
      leftJoin: 'LEFT JOIN',
      fullJoin: 'FULL JOIN',
      semiJoin: 'SEMI JOIN',
      antiJoin: 'ANTI JOIN',
    }[kind]
    const columns = kind === 'semiJoin' || kind === 'antiJoin' ? own : [...own, ...taken]
    const sql =
      other.sql && `SELECT ${columns.join(', ')} FROM $ l ${verb} (${other.sql}) r ON ${on}`
    return after(flow, of, sql, flow.ordered && other.ordered && onePartition)
  },
  flatten(flow, { r }) {
    const test = condition(r, flow.schema)
    if (test === null) return null
    const of = flatten(flow.of, flow.of.where(test.where))
    return after(flow, of, `SELECT * FROM $ UNION ALL SELECT * FROM $ WHERE ${test.sql}`, false)
  },
  reshuffle: (flow, a) =>
    after(flow, flow.of.reshuffle(), 'SELECT * FROM $', flow.ordered && a.onePartition),
}
