/** Nested columns in the embedded warehouse: loaded, loaded again, merged, and read back as they will stand. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pipeline, schema, t } from 'millrace'
import { ndjson, table } from 'millrace/io'
import { runPipeline } from '../../../engine/run/run.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-nested-tables-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const Part = schema({
  sku: t.utf8,
  // Names that DuckDB wants quoted.
  order: t.int32.nullable,
  'a "b"': t.decimal(10, 2),
  tags: t.list(t.utf8.nullable),
})
const Order = schema({
  id: t.int32,
  at: t.timestamp,
  lines: t.list(t.struct(Part)),
  meta: t.struct(schema({ when: t.timestamp, any: t.json.nullable })).nullable,
  json: t.json.nullable,
})
const order = (id: number, at: number) => ({
  id,
  at,
  lines: Array.from({ length: id }, (_, n) => ({
    sku: `s${n}`,
    order: n === 1 ? null : n,
    'a "b"': n / 4,
    tags: n === 0 ? [] : ['x', null],
  })),
  meta: id === 2 ? null : { when: at, any: id === 1 ? null : { n: [1, 'x'] } },
  json: id === 3 ? null : [id, { a: 'ä' }],
})

for (const mode of ['append', 'merge'] as const)
  test(`${mode}: a table of nested columns stands, takes more, and is read back`, async () => {
    const warehouse = `duckdb:${join(folder, `${mode}.duckdb`)}`
    const rows: unknown[][] = []
    for (const [run, ids] of [
      [1, 2],
      [2, 3],
    ].entries()) {
      const out = join(folder, `${mode}-${run}`)
      const report = await runPipeline({
        pipeline: pipeline({
          name: `nested-${run}`,
          build(p) {
            const written = p
              .create(
                Order,
                ids.map(id => order(id, 1000 * (run + 1))),
              )
              .write(
                table(
                  warehouse,
                  'orders',
                  mode === 'append' ? { mode } : { mode, key: ['id'], latest: 'at' },
                ),
              )
            p.read(written).sortBy('id', 'at').write(ndjson(out))
          },
        }),
      })
      assert.equal(report.status, 'done', JSON.stringify(report.error))
      rows.push(
        readdirSync(out).flatMap(name =>
          readFileSync(join(out, name), 'utf8')
            .trim()
            .split('\n')
            .map(line => JSON.parse(line)),
        ),
      )
    }
    const told = (id: number, at: number) => {
      const { meta, ...rest } = order(id, at)
      const when = new Date(at).toISOString().replace('.000Z', 'Z')
      return { ...rest, at: when, meta: meta && { ...meta, when } }
    }
    const again = mode === 'append' ? [told(2, 1000), told(2, 2000)] : [told(2, 2000)]
    assert.deepEqual(rows[0], [told(1, 1000), told(2, 1000)])
    assert.deepEqual(rows[1], [told(1, 1000), ...again, told(3, 2000)])
  })
