/**
 * The optimizer changes nothing but the cost: random pipelines, run as written and optimized, give the
 * same rows, the same account of each step and the same counts by reason. `PLANS_RUNS` tries more of them.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { isStep } from '../../engine/compile/stages.ts'
import type { Plan } from '../../engine/plan/node.ts'
import { Ledger } from '../../engine/run/account.ts'
import { accountSkipped } from '../../engine/run/sources.ts'
import { runRows } from '../../testing/index.ts'
import { randomPlan } from './random-plan.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-plans-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'rows.parquet')

before(async () => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`COPY (SELECT i::INTEGER AS id, (i * 7 % 30)::INTEGER AS k,
    CASE WHEN i % 5 = 0 THEN NULL ELSE 't' || (i % 11) END AS text, chr(97 + (i // 300)::INTEGER) AS word,
    CASE WHEN i % 9 = 0 OR i >= 4096 THEN NULL ELSE (i % 64) / 4.0 END AS x,
    CASE WHEN i % 13 = 0 THEN NULL ELSE (i % 500) / 100.0 END::DECIMAL(12,2) AS price
    FROM range(6144) r(i)) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`)
  connection.closeSync()
  instance.closeSync()
})

type Terms = Record<string, number>
interface Ran {
  readonly rows: Record<string, string[]>
  readonly account: Record<string, Terms>
  readonly dropped: readonly string[]
  readonly skipped: number
  readonly pruned: number
  readonly failed: string
}

async function ran(numbers: readonly number[], optimize: boolean): Promise<Ran> {
  const account: Record<string, Terms> = {}
  let plan: Plan | null = null
  try {
    const { rows, report } = await runRows(p => randomPlan(p, file, numbers), {
      optimize,
      partitions: 1,
      rowsPerBatch: 512,
      started: ({ stages, inputs }) => {
        plan = stages.plan
        const left = new Ledger()
        for (const [node, list] of inputs.skipped)
          for (const rows of list) accountSkipped(node, rows, left)
        for (const entry of left.entries()) book(account, stages.plan, entry)
      },
      watch: {
        stageEnded: ({ results }) => {
          for (const { node, term, rows } of results.flatMap(r => r?.account ?? []))
            book(account, plan as unknown as Plan, { node, term, rows })
        },
      },
    })
    const told = Object.entries(rows).map(([name, list]) => [name, list.map(rowText).sort()])
    const dropped = report.dropped.map(d => `${d.step}: ${d.reason}: ${d.rows}`).sort()
    const skipped = report.skipped.reduce((sum, s) => sum + s.rows, 0)
    const pruned = (plan as unknown as Plan).nodes.filter(n => n.pruned).length
    return { rows: Object.fromEntries(told), account, dropped, skipped, pruned, failed: '' }
  } catch (error) {
    return { rows: {}, account: {}, dropped: [], skipped: 0, pruned: 0, failed: String(error) }
  }
}

/** By the steps' names; a read that others share, and what the optimizer put in, have no counterpart. */
function book(
  account: Record<string, Terms>,
  plan: Plan,
  { node: id, term, rows }: { node: number; term: string; rows: number },
): void {
  const node = plan.nodes[id] as Plan['nodes'][number]
  if (node.type === 'read' || node.type === 'rejects' || term === 'skipped') return
  if (isStep(node) && node.pruned && node.type === 'project') return
  if (node.name.startsWith('materialise') || node.inputs.some(n => n.type === 'rejects')) return
  // A broadcast side is read by each task, and in no term.
  if (node.type === 'join' && (term === 'in' || term === 'merged')) return
  const name = node.name.replace(/^write rows .*\//, 'write ')
  const terms = (account[name] ??= {})
  terms[term] = (terms[term] ?? 0) + rows
}

const rowText = (row: object): string =>
  JSON.stringify(
    Object.values(row).map(v => (typeof v === 'bigint' ? `${v}n` : Object.is(v, -0) ? 0 : v)),
  )

test('optimized plans give the rows and the account of the plans as written', async t => {
  let [skipped, pruned, failed, runs] = [0, 0, 0, 0]
  const numRuns = Number(process.env['PLANS_RUNS'] ?? 60)
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 10_000 }), { minLength: 12, maxLength: 60 }),
      async numbers => {
        const [plain, better] = [await ran(numbers, false), await ran(numbers, true)]
        assert.equal(better.failed, plain.failed)
        assert.deepEqual(better.rows, plain.rows)
        assert.deepEqual(better.dropped, plain.dropped)
        assert.deepEqual(better.account, plain.account)
        runs++
        if (better.skipped > 0) skipped++
        if (better.pruned > 0) pruned++
        if (better.failed !== '') failed++
      },
    ),
    { numRuns, seed: Number(process.env['PLANS_SEED'] ?? 7), endOnFailure: true },
  )
  t.diagnostic(`${runs} plans: ${pruned} pruned, ${skipped} skipped rows, ${failed} failed alike`)
  // Else nothing was tried.
  assert.ok(pruned > runs / 4 && skipped > 0 && failed < runs / 4)
})
