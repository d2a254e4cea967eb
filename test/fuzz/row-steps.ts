/** Random steps over single rows, and what they are in SQL where SQL can say them. */
import { t } from 'millrace'
import { condition, constant } from './conditions.ts'
import { after, list, names, q, some, type Step, tagged } from './flow.ts'

export const rowSteps: Readonly<Record<string, Step>> = {
  where(flow, { r }) {
    const test = condition(r, flow.schema)
    return test && after(flow, flow.of.where(test.where), `SELECT * FROM $ WHERE ${test.sql}`)
  },
  filter(flow, { r }) {
    const [field] = tagged(flow.schema, 'int32')
    const by = 2 + r.below(3)
    return field
      ? after(
          flow,
          flow.of.filter(row => row[field.name] !== null && row[field.name] % by === 0),
          `SELECT * FROM $ WHERE ${q(field.name)} % ${by} = 0`,
        )
      : null
  },
  dropNulls(flow, { r }) {
    const columns = some(r, flow.schema).filter(f => f.kind.optional)
    if (columns.length === 0) return null
    const sql = columns.map(f => `${q(f.name)} IS NOT NULL`).join(' AND ')
    return after(
      flow,
      flow.of.dropNulls(...columns.map(f => f.name)),
      `SELECT * FROM $ WHERE ${sql}`,
    )
  },
  fillNulls(flow, { r }) {
    const field = r.pick(flow.schema.list)
    const bound = constant(r, field.kind)
    if (!field.kind.optional || bound === null) return null
    const sql = flow.schema.list.map(f =>
      f === field ? `coalesce(${q(f.name)}, ${bound.sql}) AS ${q(f.name)}` : q(f.name),
    )
    return after(
      flow,
      flow.of.fillNulls({ [field.name]: bound.value }),
      `SELECT ${sql.join(', ')} FROM $`,
    )
  },
  select(flow, { r }) {
    // The first column stays: it is the key of joins.
    const wanted = [
      ...new Set([flow.schema.list[0]?.name as string, ...some(r, flow.schema).map(f => f.name)]),
    ]
    return after(flow, flow.of.select(...wanted), `SELECT ${list(wanted)} FROM $`)
  },
  rename(flow, { r }) {
    const { name } = r.pick(flow.schema.list)
    const to = `${name}x`
    if (to in flow.schema.fields) return null
    const sql = names(flow.schema).map(n => (n === name ? `${q(n)} AS ${q(to)}` : q(n)))
    return after(flow, flow.of.rename({ [name]: to }), `SELECT ${sql.join(', ')} FROM $`)
  },
  derive(flow, { r }) {
    const name = `d${flow.schema.list.length}`
    if (name in flow.schema.fields) return null
    const [int] = tagged(flow.schema, 'int32')
    const [float] = tagged(flow.schema, 'float64')
    const [string] = tagged(flow.schema, 'utf8')
    const choices = [
      int && {
        made: [
          t.int64.nullable,
          (row: Record<string, number | null>) =>
            row[int.name] === null ? null : (row[int.name] as number) * 2 + 1,
        ],
        sql: `CAST(${q(int.name)} AS BIGINT) * 2 + 1`,
      },
      float && {
        made: [
          t.float64.nullable,
          (row: Record<string, number | null>) =>
            row[float.name] === null ? null : (row[float.name] as number) * 0.5,
        ],
        sql: `${q(float.name)} * 0.5`,
      },
      string && {
        made: [
          t.utf8.nullable,
          (row: Record<string, string | null>) =>
            row[string.name] === null ? null : `${row[string.name]}!`,
        ],
        sql: `${q(string.name)} || '!'`,
      },
      {
        made: [t.utf8, (row: Record<string, unknown>) => Object.keys({ ...row }).join()],
        sql: null,
      },
    ]
    const choice = r.pick(choices)
    if (!choice) return null
    const sql = choice.sql === null ? null : `SELECT *, ${choice.sql} AS ${q(name)} FROM $`
    return after(flow, flow.of.derive({ [name]: choice.made as never }), sql)
  },
  partition(flow, { r }) {
    const [int] = tagged(flow.schema, 'int32')
    if (!int) return null
    const parts = flow.of.partition(['low', 'high'], row =>
      row[int.name] !== null && row[int.name] < 2 ? 'low' : 'high',
    )
    const low = r.chance(0.5)
    const sql = `SELECT * FROM $ WHERE ${low ? '' : 'NOT '}coalesce(${q(int.name)} < 2, false)`
    return after(flow, low ? parts.low : parts.high, sql)
  },
  sides(flow, { other }) {
    const name = `s${flow.schema.list.length}`
    if (name in flow.schema.fields) return null
    const side = {
      total: other.of.aggregate(g => ({ n: g.count() })).asSingleton(),
      rows: other.of.asList(),
    }
    const made = [
      t.int64,
      (_: unknown, s: { total: { n: number }; rows: readonly unknown[] }) =>
        s.total.n * 10_000 + s.rows.length,
    ]
    const of = flow.of.derive({ [name]: made as never }, { side } as never)
    const count = other.sql && `(SELECT count(*) FROM (${other.sql}))`
    return after(flow, of, count && `SELECT *, ${count} * 10001 AS ${q(name)} FROM $`)
  },
}
