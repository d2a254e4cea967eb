/**
 * Random pipelines over random rows, in random settings: the engine must answer what the interpreter
 * does and, where SQL can say the pipeline, what DuckDB does.
 */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { param, pipeline } from 'millrace'
import { Fault } from '../../engine/fault.ts'
import type { Node } from '../../engine/plan/node.ts'
import { type Answer, answered, compare, interpreted } from '../conformance/answers.ts'
import { withTables } from '../conformance/duckdb.ts'
import type { Fuzz } from './campaign.ts'
import { type Plan, randomPlan } from './plan.ts'

const module = fileURLToPath(new URL('./pipeline.ts', import.meta.url))
/** Starting threads takes as long as ten runs without. */
const WORKERS_EVERY = 25

export const plans: Fuzz = {
  name: 'plans',
  check: seed => check(seed, randomPlan(seed)),
  async describe(seed) {
    const plan = randomPlan(seed)
    // What was built is known once it was.
    await check(seed, plan).catch(() => {})
    const { built, options, tables } = plan
    return [
      `steps ${built.steps.join(' → ')}`,
      `options ${JSON.stringify(options)}`,
      `tables ${Object.entries(tables).map(([name, t]) => `${name}: ${t.rows.length} rows of ${t.schema.list.map(f => f.kind.name).join(' ')}`)}`,
      `sql ${built.flow?.sql}`,
    ].join('\n')
  },
}

async function check(
  seed: number,
  { options, tables, build, built }: Plan,
): Promise<'ran' | 'also in SQL' | 'refused by both'> {
  const definition = pipeline({
    name: 'fuzz',
    params: { seed: param.number(), out: param.uri() },
    build: (p, { out }) => build(p, out),
  })
  const onWorkers = seed % WORKERS_EVERY === 0
  const params = { seed }
  const run = { ...options, params, pipeline: onWorkers ? module : definition, workers: 2 }
  const read = ({ op }: Node<'read'>) => tables[op.source.uri as 'a' | 'b'].rows
  let expected: Answer
  try {
    expected = await interpreted(definition, params, read)
  } catch (error) {
    // What the interpreter refuses (a sum that is too large), the engine refuses.
    await assert.rejects(answered(new Map(), run), Fault, `only the interpreter refused: ${error}`)
    return 'refused by both'
  }
  const { answer } = await answered(expected, run)
  const { flow } = built
  compare(answer, expected, output => output === 'rows' && flow?.ordered === true)
  const rows = expected.get('rows')
  if (!flow?.sql || !rows) return 'ran'
  const { sql } = flow
  const queried = await withTables(new Map(Object.entries(tables)), query =>
    query(sql, rows.schema),
  )
  const mine = new Map([['rows', answer.get('rows') ?? rows]])
  compare(mine, new Map([['rows', { schema: rows.schema, rows: queried }]]), () => false)
  return 'also in SQL'
}
