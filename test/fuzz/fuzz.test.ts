/**
 * Random pipelines over random rows, in random settings: the engine must answer what the interpreter
 * does and, where SQL can say the pipeline, what DuckDB does. A failure prints its seed;
 * `FUZZ_SEED=<seed>` runs that one alone, `FUZZ_SECONDS=600` looks for longer, from FUZZ_FROM on.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { param, pipeline } from 'millrace'
import { Fault } from '../../engine/fault.ts'
import type { Node } from '../../engine/plan/node.ts'
import { type Answer, answered, compare, interpreted } from '../conformance/answers.ts'
import { withTables } from '../conformance/duckdb.ts'
import { type Plan, randomPlan } from './plan.ts'

const module = fileURLToPath(new URL('./pipeline.ts', import.meta.url))
/** Starting threads takes as long as ten runs without. */
const WORKERS_EVERY = 25
const { FUZZ_SEED, FUZZ_SECONDS = '12', FUZZ_FROM = '1' } = process.env

test('random pipelines answer what the interpreter and DuckDB answer', async t => {
  const until = performance.now() + Number(FUZZ_SECONDS) * 1000
  const told = { runs: 0, queries: 0, failures: 0 }
  const failed: string[] = []
  let seed = Number(FUZZ_SEED ?? FUZZ_FROM)
  do {
    const plan = randomPlan(seed)
    try {
      const ran = await check(seed, plan)
      told.runs++
      if (ran === 'failed') told.failures++
      if (ran === 'queried') told.queries++
    } catch (error) {
      failed.push(describe(seed, plan, error))
    }
    seed++
  } while (FUZZ_SEED === undefined && performance.now() < until && failed.length < 10)
  t.diagnostic(
    `${told.runs} pipelines to seed ${seed - 1}: ${told.queries} also in SQL, ${told.failures} refused by both`,
  )
  assert.equal(failed.join('\n\n'), '')
  assert.ok(FUZZ_SEED !== undefined || (told.runs > 20 && told.queries > 3))
})

const describe = (seed: number, { built, options }: Plan, error: unknown): string =>
  [
    `FUZZ_SEED=${seed}`,
    `steps ${built.steps.join(' → ')}`,
    `options ${JSON.stringify(options)}`,
    `sql ${built.flow?.sql}`,
    error instanceof Error ? (error.stack ?? error.message).slice(0, 1500) : String(error),
  ].join('\n')

async function check(
  seed: number,
  { options, tables, build, built }: Plan,
): Promise<'ran' | 'queried' | 'failed'> {
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
    return 'failed'
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
  return 'queried'
}
