/** Arrays as lists and JSON, from a real server; JSON back into it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type AnySchema, schema, schemaOf, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
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

const Line = schema({
  sku: t.utf8,
  n: t.int32.nullable,
  price: t.decimal(10, 2),
  tags: t.list(t.utf8),
})
const SCALARS = {
  b: t.bool,
  i: t.int32.nullable,
  l: t.int64,
  g: t.bigint,
  f: t.float32,
  d: t.float64.nullable,
  n: t.decimal(10, 2),
  w: t.decimal(30, 4),
  u: t.utf8.nullable,
  y: t.bytes,
  a: t.date,
  z: t.timestamp.nullable,
  c: t.datetime,
  j: t.json,
}
const VALUES: Readonly<Record<keyof typeof SCALARS, readonly unknown[]>> = {
  b: [true, false],
  i: [1, null, -(2 ** 31)],
  l: [2 ** 53 - 1],
  g: [2n ** 63n - 1n, -1n],
  f: [1.5, NaN],
  d: [null, 0.1, -Infinity, 1e300],
  n: [-0.05, 12345678.91],
  w: [0.0001, 123456789012.5],
  u: ['', 'ü "x", {}\\', null],
  y: [Uint8Array.of(0, 255), Uint8Array.of()],
  a: [-86_400_000, 0],
  z: [0.001, null],
  c: [1e12],
  j: [{ a: [1, null] }, 'x', 2],
}

test('lists of scalars are arrays, structs and all other lists jsonb: loaded, merged, read back', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  const warehouse = openWarehouse(uri, { memoryBytes: 64e6, threads: 1, tempDirectory: folder })
  c.after(() => warehouse.close())
  await warehouse.check()
  const names = Object.keys(SCALARS) as (keyof typeof SCALARS)[]
  const columns = [
    { name: 'id', kind: t.int32 },
    { name: 'at', kind: t.timestamp },
    ...names.map(name => ({ name, kind: t.list(SCALARS[name]).nullable })),
    { name: 'lines', kind: t.list(t.struct(Line)) },
    {
      name: 'meta',
      kind: t.struct(schema({ when: t.timestamp, y: t.bytes, any: t.json.nullable })).nullable,
    },
    { name: 'deep', kind: t.list(t.list(t.float64.nullable)) },
  ]
  const none = Object.fromEntries(names.map(name => [name, null]))
  const empty = Object.fromEntries(names.map(name => [name, []]))
  const line = { sku: 'a"b', n: null, price: 0.05, tags: ['x', ''] }
  const meta = { when: 1.001, y: Uint8Array.of(7), any: [1, { b: 'ä' }] }
  const rows = [
    { id: 1, at: 1, ...VALUES, lines: [line, { ...line, n: 3 }], meta, deep: [[0.5, null], []] },
    { id: 2, at: 1, ...empty, lines: [], meta: null, deep: [] },
    {
      id: 3,
      at: 1,
      ...none,
      lines: [{ ...line, tags: [] }],
      meta: { ...meta, any: null },
      deep: [[NaN]],
    },
  ]
  const load = { table: 'n', columns, mode: 'merge', key: ['id'], latest: 'at' } as const
  await put(warehouse, await loadOf(folder, { ...load, id: 'n1', shards: [rows.slice(0, 2)] }))
  const later = [{ ...rows[2], id: 2, at: 2 }, rows[2] as object]
  await put(warehouse, await loadOf(folder, { ...load, id: 'n2', shards: [later as never] }))
  const types = await run(
    "SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'n'::regclass AND attnum > 2 ORDER BY attnum",
  )
  assert.equal(
    types.map(row => row['type']).join(' '),
    'boolean[] integer[] bigint[] bigint[] real[] double precision[] numeric(10,2)[] numeric(30,4)[] text[] bytea[] date[] timestamp with time zone[] timestamp without time zone[] jsonb[] jsonb jsonb jsonb',
  )
  const [seen] = await run(
    "SELECT i[3] AS i, u[2] AS u, n[1]::text AS n, y[1] AS y, lines->1->>'n' AS line, lines->0->>'price' AS price, meta->>'when' AS \"when\" FROM n WHERE id = 1",
  )
  assert.deepEqual(seen, {
    i: -(2 ** 31),
    u: VALUES.u[1],
    n: '-0.05',
    y: Buffer.of(0, 255),
    line: '3',
    price: '0.05',
    when: '1970-01-01T00:00:00.001001Z',
  })
  const { rows: back, rejects } = await readTable(uri, 'n', schemaOf(columns))
  assert.deepEqual(rejects, [])
  const sorted = back.sort((a, b) => Number(a['id']) - Number(b['id']))
  // Bytes come as Buffers from some sources.
  assert.deepEqual(sorted, [rows[0], { ...rows[2], id: 2, at: 2 }, rows[2]])
})

test('a zero byte within a nested value is refused with its column', async c => {
  if (!needs(c, 'postgres')) return
  const { uri } = await databaseOf(c)
  const warehouse = openWarehouse(uri, { memoryBytes: 64e6, threads: 1, tempDirectory: folder })
  c.after(() => warehouse.close())
  await warehouse.check()
  const kinds = [t.list(t.utf8), t.struct(schema({ s: t.utf8 })), t.list(t.list(t.utf8))]
  const bad = 'a\0'
  for (const [i, value] of [[bad], { s: bad }, [[bad]]].entries()) {
    const columns = [{ name: 'v', kind: kinds[i] as never }]
    const load = await loadOf(folder, {
      id: `z${i}`,
      table: `z${i}`,
      columns,
      shards: [[{ v: value }]],
    })
    await assert.rejects(put(warehouse, load), /column "v": a text has a zero byte/)
  }
  // A backslash before what looks like one.
  const columns = [{ name: 'v', kind: t.list(t.list(t.utf8)) }]
  const load = await loadOf(folder, {
    id: 'ok',
    table: 'ok',
    columns,
    shards: [[{ v: [['\\u0000']] }]],
  })
  await put(warehouse, load)
})

test('composites, arrays of several dimensions and jsonb are read as structs and lists', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run(
    'CREATE TYPE item AS (sku text, n int, price numeric, "at" timestamptz); CREATE TABLE s (id int PRIMARY KEY, one item, many item[], grid int[], doc jsonb, j jsonb, k json)',
  )
  await run(`INSERT INTO s VALUES
    (1, ('a', 1, 0.05, '1970-01-01 00:00:00.001+00'), ARRAY[('b', NULL, 2, NULL)::item, ('c"', 3, 4.50, '1970-01-01Z')::item], '{{1,2},{3,NULL}}', '{"x": [1, 2]}', '{"a": 1}', '{"a" : 1}'),
    (2, NULL, '{}', NULL, 'null', 'null', ' null '),
    (3, ('a', 1, 0.005, NULL), '{}', '{}', NULL, '1', '1'),
    (4, NULL, '{}', '{{{1}}}', NULL, '1', '1'),
    (5, NULL, '{}', '{{1}}', '{"x": ["y"]}', '1', '1')`)
  const Item = schema({
    sku: t.utf8,
    n: t.int32.nullable,
    price: t.decimal(10, 2),
    at: t.timestamp.nullable,
  })
  const S = schema({
    id: t.int32,
    one: t.struct(Item).nullable,
    many: t.list(t.struct(Item)),
    grid: t.list(t.list(t.int32.nullable)).nullable,
    doc: t.struct(schema({ x: t.list(t.int32) })).nullable,
    j: t.json.nullable,
    k: t.json.nullable,
  })
  const { rows, rejects } = await readTable(uri, 's', S)
  assert.deepEqual(rows, [
    {
      id: 1,
      one: { sku: 'a', n: 1, price: 0.05, at: 1 },
      many: [
        { sku: 'b', n: null, price: 2, at: null },
        { sku: 'c"', n: 3, price: 4.5, at: 0 },
      ],
      grid: [
        [1, 2],
        [3, null],
      ],
      doc: { x: [1, 2] },
      j: { a: 1 },
      k: { a: 1 },
    },
    { id: 2, one: null, many: [], grid: null, doc: null, j: null, k: null },
  ])
  assert.deepEqual(
    rejects.map(r => [r.raw, r.column, r.reason]),
    [
      ['{"id":"3"}', 'one', 'one.price: expected decimal(10,2), got "0.005" (would be rounded)'],
      ['{"id":"4"}', 'grid', 'grid[0][0]: expected int32, got "[1]"'],
      ['{"id":"5"}', 'doc', 'doc.x[0]: expected int32, got "y" (a text)'],
    ],
  )
  // JSON's null is no value where there has to be one, and null where it is asked for.
  const some = await readTable(uri, 's', schema({ id: t.int32, j: t.json, k: t.json }))
  assert.deepEqual(
    some.rejects.map(r => [r.raw, r.reason]),
    [['{"id":"2"}', 'expected json, got null']],
  )
  const conditions = [[{ column: 'k', op: 'eq', value: null }]] as const
  const only = await readTable(uri, 's', schema({ id: t.int32, k: t.json.nullable }), {
    conditions,
  })
  assert.deepEqual(only.rows, [{ id: 2, k: null }])
})

test('what has other parts than the schema is refused before anything is read', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run(
    'CREATE TYPE pair AS (a int, b bytea); CREATE TABLE w (p pair, ps pair[], grid text[], n int)',
  )
  const cases: [string, AnySchema][] = [
    ['p', schema({ p: t.struct(schema({ a: t.int32, c: t.utf8 })) })],
    ['p', schema({ p: t.struct(schema({ b: t.bytes.nullable })) })],
    ['p', schema({ p: t.list(t.struct(schema({ a: t.int32 }))) })],
    ['ps', schema({ ps: t.struct(schema({ a: t.int32 })) })],
    ['grid', schema({ grid: t.list(t.list(t.int32)) })],
    ['n', schema({ n: t.list(t.int32) })],
    ['n', schema({ n: t.struct(schema({ a: t.int32 })) })],
  ]
  for (const [name, s] of cases)
    await assert.rejects(readTable(uri, 'w', s), (fault: Fault) => {
      assert.equal(fault.kind, 'data')
      assert.match(fault.message, /table public\.w has other columns than the schema/)
      assert.match(
        (fault.detail ?? []).join('\n'),
        new RegExp(`^${name}: expected .*, the table has `),
      )
      return true
    })
})
