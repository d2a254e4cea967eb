/** Which nested values are equal: those whose parts are equal as keys are, whatever made them. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import { runRows } from '../../../testing/index.ts'
import { flatten } from '../../flatten.ts'
import { ndjson } from '../ndjson/ndjson.ts'
import { parquet } from '../parquet/index.ts'
import { duck } from '../parquet/testing/peers.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-equal-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const Point = t.struct(schema({ x: t.float64, y: t.float32.nullable }))
const Nested = schema({ l: t.list(Point), s: Point.nullable })
const Plain = schema({ x: t.float64, y: t.float32.nullable })

const VALUES = [0, -0, NaN, -NaN, 1.5, Infinity, -Infinity]
const points = VALUES.flatMap(x => [0, -0, NaN, null].map(y => ({ x, y })))

test('distinct rows and counts of them are those of the same values as columns', async () => {
  const { rows } = await runRows(p => {
    const plain = p.create(Plain, points)
    const nested = p.create(
      Nested,
      points.map(point => ({ l: [point], s: point })),
    )
    const counted = nested.derive({ k: [t.int32, () => 1] })
    return {
      plain: plain.distinct(),
      nested: nested.distinct(),
      // Through an exchange of several partitions too.
      spread: nested.reshuffle().distinct(),
      counts: counted
        .groupBy('k')
        .aggregate(g => ({ n: g.countDistinct('l'), s: g.countDistinct('s') })),
    }
  })
  // 0, NaN, 1.5 and two infinities; 0, NaN and null.
  assert.equal(rows.plain.length, 5 * 3)
  assert.equal(rows.nested.length, 5 * 3)
  assert.equal(rows.spread.length, 5 * 3)
  assert.deepEqual(rows.counts, [{ k: 1, n: 15, s: 15 }])
})

test('DuckDB holds the same values for equal, and its zeros and ours are equal', async () => {
  const path = join(folder, 'duck.parquet')
  const list = VALUES.map(v => `'${v}'::DOUBLE`).map((v, i) => (i === 1 ? '-0.0::DOUBLE' : v))
  const rows = `SELECT [{'x': x, 'y': y}] AS l, {'x': x, 'y': y} AS s
    FROM (SELECT unnest([${list.join()}]) AS x), (SELECT unnest(['0'::FLOAT, -0.0::FLOAT, 'NaN'::FLOAT, NULL]) AS y)`
  await duck(`COPY (${rows}) TO '${path}' (FORMAT parquet)`)
  const [[theirs] = []] = await duck(`SELECT count(*) FROM (SELECT DISTINCT l, s FROM '${path}')`)
  writeFileSync(
    join(folder, 'zeros.ndjson'),
    '{"l":[{"x":-0.0,"y":0}],"s":{"x":0,"y":-0}}\n{"l":[{"x":0,"y":-0}],"s":{"x":-0,"y":0.0}}\n',
  )
  const { rows: found } = await runRows(p => {
    const read = p.read(parquet(path, Nested))
    const zeros = p.read(ndjson(join(folder, 'zeros.ndjson'), Nested))
    const made = p.create(Nested, [{ l: [{ x: -0, y: -0 }], s: { x: -0, y: -0 } }])
    return { all: flatten(read, zeros, made).distinct() }
  })
  assert.equal(found.all.length, Number(theirs))
  assert.equal(found.all.length, 15)
})
