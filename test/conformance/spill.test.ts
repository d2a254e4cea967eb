/**
 * Operators that do not get the memory they ask for: each runs on more rows than fit, as the report
 * must show, splits what still does not fit again, and answers what the interpreter and DuckDB answer.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { csv } from 'millrace/io'
import type { Node, Row } from '../../engine/plan/node.ts'
import { runRows } from '../../testing/index.ts'
import { type Answer, answered, compare, interpreted, type Output } from './answers.ts'
import { bigCases } from './big-cases.ts'
import { Order, Visit, writeInput } from './big-input.ts'
import { one } from './big-pipeline.ts'
import { bigSql } from './big-sql.ts'
import { withTables } from './duckdb.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-spill-'))
const input = join(folder, 'input')
const LITTLE = { memoryBytes: 128 << 10, operatorBytes: 8 << 10 }
const PLENTY = { memoryBytes: 512 << 20 }
/** By case, what came out with little memory. */
const spilled = new Map<string, Answer>()
let tables: ReadonlyMap<string, Output>

before(async () => {
  writeInput(input, { orders: 6000, visits: 15_000 })
  const { rows } = await runRows(p => ({
    orders: p.read(csv(`${input}/orders-*.csv`, Order)),
    visits: p.read(csv(`${input}/visits-*.csv`, Visit)),
  }))
  tables = new Map<string, Output>([
    ['orders', { schema: Order, rows: rows.orders }],
    ['visits', { schema: Visit, rows: rows.visits }],
  ])
})
after(() => rmSync(folder, { recursive: true, force: true }))

/** How often rows are split by key: a sort spills runs, and few groups fit but for their pairs. */
const LEVELS: Readonly<Record<string, number>> = {
  sort: 0,
  'group-by-few': 0,
  'combine-columnar': 1,
  'combine-opaque': 1,
}

for (const name of Object.keys(bigCases))
  test(`spilling: ${name}`, async () => {
    const params = { case: name, input }
    const run = { pipeline: one, params, partitions: 1, maxRejects: 1 }
    const expected = await interpreted(one, params, rowsOf)
    const little = await answered(expected, { ...run, ...LITTLE })
    compare(little.answer, expected, () => true)
    spilled.set(name, little.answer)
    const { stages } = little.report
    assert.ok(stages.some(s => s.spilledBytes > 0))
    assert.ok(Math.max(...stages.map(s => s.splitLevels)) >= (LEVELS[name] ?? 2))
    const plenty = await answered(expected, { ...run, ...PLENTY })
    assert.deepEqual(plenty.answer, little.answer)
    assert.ok(plenty.report.stages.every(s => s.spilledBytes === 0 && s.splitLevels === 0))
  })

test('what spilled is what DuckDB answers', async () => {
  await withTables(tables, async query => {
    for (const [name, outputs] of Object.entries(bigSql)) {
      const answer = spilled.get(name) as Answer
      const expected = new Map<string, Output>()
      for (const [output, { schema }] of answer)
        expected.set(output, { schema, rows: await query(outputs[output] as string, schema) })
      compare(answer, expected, () => false)
    }
  })
})

const rowsOf = ({ schema }: Node<'read'>): readonly Row[] =>
  tables.get('page' in schema.fields ? 'visits' : 'orders')?.rows as readonly Row[]
