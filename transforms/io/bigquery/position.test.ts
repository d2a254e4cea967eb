/** The column that counts a merge's rows, as other readers and our own see it. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { type Field, schema, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { withPosition } from './position.ts'
import { folder, shard } from './testing/sample.ts'

const columns: Field[] = [
  { name: 'id', kind: t.int32 },
  { name: 'v', kind: t.utf8.nullable },
]

async function read(path: string, query: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const result = await connection.run(query.replace('FILE', `read_parquet('${path}')`))
  const rows = (await result.getRowsJS()) as unknown[][]
  connection.closeSync()
  instance.closeSync()
  return rows
}

test('rows of all row groups are counted on, from the shard’s own start; the rest is as it was', async () => {
  const rows = Array.from({ length: 100 }, (_, i) => [i, i % 7 === 0 ? null : `v${i}`])
  const path = await shard(columns, rows)
  const before = readFileSync(path)
  const { path: made, release } = await withPosition(path, columns, 3)
  const start = 3 * 2 ** 36
  const got = await read(made, 'SELECT id, v, millrace_position::DOUBLE FROM FILE')
  assert.deepEqual(
    got,
    rows.map(([id, v], i) => [id, v, start + i]),
  )
  const [[groups]] = (await read(
    made,
    "SELECT count(DISTINCT row_group_id)::INT FROM parquet_metadata('" + made + "')",
  )) as [[number]]
  assert.ok(groups > 3, `${groups} row groups`)
  await release()
  assert.equal(existsSync(made), false)
  assert.deepEqual(readFileSync(path), before, 'the shard itself is left alone')
})

test('a hundred thousand rows take a few thousand bytes', async () => {
  const rows = Array.from({ length: 100_000 }, (_, i) => [i, null])
  const path = await shard(columns, rows, 70_000)
  const { path: made, release } = await withPosition(path, columns, 0)
  const grown = statSync(made).size - statSync(path).size
  assert.ok(grown < 8000, `${grown} bytes`)
  const [[sum]] = (await read(made, 'SELECT sum(millrace_position)::DOUBLE FROM FILE')) as [
    [number],
  ]
  assert.equal(sum, (100_000 * 99_999) / 2)
  await release()
})

test('nested columns keep their places', async () => {
  const nested: Field[] = [
    { name: 'id', kind: t.int32 },
    { name: 'tags', kind: t.list(t.utf8) },
    { name: 'at', kind: t.struct(schema({ x: t.int32, y: t.utf8.nullable })).nullable },
  ]
  const path = await shard(nested, [
    [1, ['a', 'b'], { x: 1, y: null }],
    [2, [], null],
  ])
  const { path: made, release } = await withPosition(path, nested, 0)
  const got = await read(
    made,
    'SELECT id, len(tags)::INT, "at".x, millrace_position::DOUBLE FROM FILE',
  )
  assert.deepEqual(got, [
    [1, 2, 1, 0],
    [2, 0, null, 1],
  ])
  await release()
})

test('what is no Parquet file is refused, and nothing is left of the copy', async () => {
  const path = join(folder, 'none.parquet')
  writeFileSync(path, 'no Parquet file at all')
  await assert.rejects(withPosition(path, columns, 0), error => {
    assert.ok(error instanceof Fault)
    assert.equal(error.kind, 'data')
    return true
  })
  assert.equal(existsSync(`${path}.positions`), false)
})
