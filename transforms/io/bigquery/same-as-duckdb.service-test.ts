/** The same loads leave the same tables in BigQuery and in the embedded warehouse: modes, nulls, ties, late rows. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Field, t } from '../../../engine/data/schema.ts'
import type { TableOptions } from '../../../engine/io/sink.ts'
import { DuckDbWarehouse } from '../duckdb/warehouse.ts'
import { hashOf } from './names.ts'
import { dataset, folder, loadOf, put, type Row } from './testing/sample.ts'
import { bigqueryFor } from '../../../test/bigquery.ts'

const columns: Field[] = [
  { name: 'k', kind: t.int32.nullable },
  { name: 'code', kind: t.utf8 },
  { name: 'at', kind: t.timestamp.nullable },
  { name: 'n', kind: t.int64 },
  { name: 'gone', kind: t.bool.nullable },
]
const HOUR = 3600_000
const row: fc.Arbitrary<Row> = fc.tuple(
  fc.option(fc.integer({ min: 0, max: 2 })),
  fc.constantFrom('a', 'b'),
  fc.option(fc.integer({ min: 0, max: 5 }).map(h => Date.UTC(2020, 0, 31, 21) + h * HOUR)),
  fc.integer({ min: -5, max: 25 }),
  fc.option(fc.boolean(), { freq: 4 }),
)
const merge = { mode: 'merge', key: ['k', 'code'], latest: 'at' } as const
const range = { start: 0, end: 20, step: 10 }
const choices: readonly Partial<TableOptions>[] = [
  { mode: 'append' },
  { mode: 'replace' },
  merge,
  { ...merge, deleted: 'gone' },
  { ...merge, deleted: 'gone' },
  { mode: 'replacePartition', partition: { by: 'at', unit: 'day' } },
  { mode: 'replacePartition', partition: { by: 'at', unit: 'hour' } },
  { mode: 'replacePartition', partition: { by: 'at', unit: 'month' } },
  { mode: 'replacePartition', partition: { by: 'n', range } },
]
interface Load {
  readonly shards: readonly (readonly Row[])[]
  readonly options: Partial<TableOptions>
}
/** Some loads, and the order in which they come: one may come again. */
const loads: fc.Arbitrary<Load[]> = fc
  .array(
    fc.record({
      shards: fc.array(fc.array(row, { maxLength: 8 }), { maxLength: 3 }),
      options: fc.constantFrom(...choices),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .chain(of => fc.array(fc.constantFrom(...of), { minLength: 2, maxLength: 6 }))

/** A case that was found: ranges are replaced whole, whichever of their numbers come. */
const at = Date.UTC(2020, 0, 31, 23)
const ranges: [Load[]] = [
  [
    {
      options: merge,
      shards: [
        [
          [null, 'b', at, 22, false],
          [1, 'b', at, 6, true],
          [0, 'a', at, 20, true],
          [null, 'a', at, 11, false],
        ],
      ],
    },
    {
      options: { mode: 'replacePartition', partition: { by: 'n', range } },
      shards: [
        [
          [2, 'b', at, 10, false],
          [2, 'a', null, 7, false],
          [null, 'a', at, 21, true],
          [2, 'a', at, -4, false],
        ],
      ],
    },
  ],
]

let runs = 0
const ALL = 'SELECT * FROM sales'
const shown = (rows: readonly Record<string, unknown>[]): string[] =>
  rows
    .map(r => JSON.stringify(Object.values(r), (_, v) => (typeof v === 'bigint' ? Number(v) : v)))
    .sort()

test('the same loads, the same tables', { timeout: 600_000 }, async context => {
  if (!(await bigqueryFor(context))) return
  const check = fc.asyncProperty(loads, async asked => {
    const cloud = (await dataset()).open()
    const limits = { memoryBytes: 128e6, threads: 1, tempDirectory: join(folder, 'temp') }
    const file = join(folder, `same-${runs++}.duckdb`)
    const embedded = new DuckDbWarehouse(`duckdb:${file}`, limits)
    await cloud.check()
    await embedded.check()
    for (const one of asked) {
      const id = hashOf(one)
      const load = await loadOf(columns, one.shards, { id, ...one.options })
      const [a] = await put(cloud, load)
      const [b] = await put(embedded, load)
      assert.equal(a?.adopted, b?.adopted)
      assert.deepEqual(shown(await cloud.query(ALL)), shown(await embedded.query(ALL)))
    }
    await cloud.close()
    await embedded.close()
  })
  await fc.assert(check, {
    numRuns: Number(process.env['MILLRACE_RUNS'] ?? 12),
    examples: [ranges],
  })
})
