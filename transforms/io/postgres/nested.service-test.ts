/** Arrays as lists and JSON, from a real server; JSON back into it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import { needs } from '../../../test/services/services.ts'
import { databaseOf, readTable } from '../../../test/postgres/database.ts'
import { loadOf, put } from '../../../test/postgres/loads.ts'
import { openWarehouse } from './warehouse.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-postgres-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('arrays are lists, and JSON is JSON', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run(
    "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TABLE n (id int PRIMARY KEY, s text[], i int[], n numeric(30,2)[], m mood[], z timestamptz[], j jsonb, k json)",
  )
  await run(`INSERT INTO n VALUES (1, '{a,"b c",NULL,""}', '{1,2}', '{0.05,12345678.91}', '{sad}', '{1970-01-01 00:00:00.000001+00}', '{"a":[1,{"b":null}]}', '[1, 2]'),
    (2, '{}', '{}', NULL, '{glad,NULL}', NULL, 'null', NULL), (3, '{{a},{b}}', '{1}', NULL, NULL, NULL, NULL, NULL),
    (4, '{x}', '{1,NULL}', NULL, NULL, NULL, NULL, NULL), (5, NULL, '{7}', NULL, NULL, '{infinity}', NULL, NULL), (6, '{z}', '{3}', NULL, NULL, NULL, '"x"', '1')`)
  const S = schema({
    s: t.list(t.utf8.nullable).nullable,
    i: t.list(t.int64),
    n: t.list(t.decimal(30, 2)).nullable,
    m: t.list(t.oneOf('sad', 'glad').nullable).nullable,
    z: t.list(t.timestamp).nullable,
    j: t.json.nullable,
    k: t.json.nullable,
  })
  const conditions = [[{ column: 'j', op: 'not', value: null }]] as const
  for (const asked of [{}, { conditions }]) {
    const { rows, rejects, skipped } = await readTable(uri, 'n', S, asked)
    assert.deepEqual(rows, [
      {
        s: ['a', 'b c', null, ''],
        i: [1, 2],
        n: [0.05, 12345678.91],
        m: ['sad'],
        z: [0.001],
        j: { a: [1, { b: null }] },
        k: [1, 2],
      },
      { s: [], i: [], n: null, m: ['glad', null], z: null, j: null, k: null },
      { s: ['z'], i: [3], n: null, m: null, z: null, j: 'x', k: 1 },
    ])
    assert.deepEqual(
      rejects.map(r => [r.raw, r.column]),
      [
        ['{"id":"3"}', 's'],
        ['{"id":"4"}', 'i'],
        ['{"id":"5"}', 'z'],
      ],
    )
    assert.equal(skipped.size, 0)
  }
})

test('JSON is loaded as jsonb', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  const warehouse = openWarehouse(uri, { memoryBytes: 64e6, threads: 1, tempDirectory: folder })
  c.after(() => warehouse.close())
  await warehouse.check()
  const columns = [
    { name: 'id', kind: t.int32 },
    { name: 'j', kind: t.json.nullable },
  ]
  const rows = [
    { id: 1, j: { a: [1, 'x'] } },
    { id: 2, j: null },
  ]
  await put(warehouse, await loadOf(folder, { id: 'j1', table: 'j', columns, shards: [rows] }))
  assert.deepEqual(await run('SELECT id, j, pg_typeof(j)::text AS t FROM j ORDER BY id'), [
    { id: 1, j: { a: [1, 'x'] }, t: 'jsonb' },
    { id: 2, j: null, t: 'jsonb' },
  ])
})
