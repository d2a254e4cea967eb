/** The answer as questions, in SQL that DuckDB and BigQuery both take: what a warehouse should say. */
import type { Answer } from './hours.ts'

export interface Question {
  readonly sql: string
  /** Rows of texts, in order. */
  readonly expected: readonly (readonly string[])[]
}

const count = (table: string, expected: number): Question => ({
  sql: `SELECT CAST(count(*) AS STRING) AS a FROM ${table}`,
  expected: [[String(expected)]],
})

export function questionsOf(a: Answer): Question[] {
  const mart = [...a.mart].map(([key, { cents, units }]) => [
    key.slice(0, 10),
    key.slice(11),
    String(cents),
    String(units),
  ])
  return [
    count('customers', a.customers),
    count('orders', a.orders),
    count('products', a.products),
    {
      sql: 'SELECT CAST(count(*) AS STRING) AS a, CAST(sum(on_hand) AS STRING) AS b FROM stock',
      expected: [[String(a.stock), String(a.onHand)]],
    },
    {
      sql: 'SELECT CAST(count(*) AS STRING) AS a, CAST(sum(quantity) AS STRING) AS b FROM order_lines',
      expected: [[String(a.orderLines), String(a.quantity)]],
    },
    {
      sql: 'SELECT CAST(count(DISTINCT order_id) AS STRING) AS a FROM orders',
      expected: [[String(a.orders)]],
    },
    {
      sql: `SELECT CAST(day AS STRING) AS a, category AS b, CAST(CAST(revenue * 100 AS INT64) AS STRING) AS c, CAST(units AS STRING) AS d
FROM revenue_by_day_category ORDER BY 1, 2`,
      expected: mart.sort(([a, b], [c, d]) => (`${a} ${b}` < `${c} ${d}` ? -1 : 1)),
    },
  ]
}

/** Where a warehouse says something else, one line each. */
export async function differences(
  answer: Answer,
  query: (sql: string) => Promise<readonly Record<string, unknown>[]>,
): Promise<string[]> {
  const found: string[] = []
  for (const { sql, expected } of questionsOf(answer)) {
    const rows = (await query(sql)).map(row =>
      ['a', 'b', 'c', 'd'].flatMap(k => (k in row ? [String(row[k])] : [])),
    )
    const [got, want] = [rows, expected].map(list => list.map(r => r.join(' ')))
    const wrong = want?.filter(w => !got?.includes(w)) ?? []
    const extra = got?.filter(g => !want?.includes(g)) ?? []
    const twice = (got?.length ?? 0) - new Set(got).size
    if (wrong.length + extra.length + twice > 0)
      found.push(
        `${sql.split('\n')[0]}: expected ${wrong.slice(0, 3).join(', ')}, got ${extra.slice(0, 3).join(', ')}${twice > 0 ? `, ${twice} rows twice` : ''}`,
      )
  }
  return found
}
