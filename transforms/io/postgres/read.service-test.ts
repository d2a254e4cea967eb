/** Reading tables of a real server: every kind, values that do not fit, one snapshot, parts that cover all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import { needs } from '../../../test/services/services.ts'
import { databaseOf, readTable } from '../../../test/postgres/database.ts'

const at = (text: string): number => Date.parse(text)

test('every kind comes as it is stored', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run(
    "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN small AS int CHECK (value < 100)",
  )
  await run(`CREATE TABLE k (id int PRIMARY KEY, b bool, i2 int2, i4 int4, i8 int8, dom small, f4 float4, f8 float8,
    n numeric(12,3), w numeric(38,9), free numeric, s text, v varchar(9), u uuid, m mood, ip inet, y bytea, d date,
    ts timestamp, tz timestamptz, j json)`)
  await run(`INSERT INTO k VALUES
    (1, true, -7, 2147483647, 9007199254740991, 99, 1.5, 0.1, 123456789.125, 12345678901234567890123456789.123456789,
     0.05, 'Grüße 😀', 'abc', '00112233-4455-6677-8899-aabbccddeeff', 'glad', '10.0.0.1', '\\x00ff', '2024-02-29',
     '2024-02-29 12:00:00.123456', '2024-02-29 12:00:00.000001+00', '{"a": [1, 2]}'),
    (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (3, false, 0, -2147483648, -9007199254740991, -5, 'NaN', '-Infinity', -0.001, -1, 20000, '', '', 
     'ffffffff-ffff-ffff-ffff-ffffffffffff', 'sad', '::1', '', '0001-01-01', '1969-12-31 23:59:59.999999', '9999-12-31 23:59:59Z', 'null')`)
  const S = schema({
    id: t.int32,
    b: t.bool.nullable,
    i2: t.int32.nullable,
    i4: t.int64.nullable,
    i8: t.int64.nullable,
    dom: t.bigint.nullable,
    f4: t.float32.nullable,
    f8: t.float64.nullable,
    n: t.decimal(12, 3).nullable,
    w: t.decimal(38, 9).nullable,
    free: t.decimal(10, 2).nullable,
    s: t.utf8.nullable,
    v: t.utf8.nullable,
    u: t.utf8.nullable,
    m: t.oneOf('sad', 'glad').nullable,
    ip: t.utf8.nullable,
    y: t.bytes.nullable,
    d: t.date.nullable,
    ts: t.datetime.nullable,
    tz: t.timestamp.nullable,
    j: t.utf8.nullable,
  })
  const { w: _, ...rest } = S.fields
  const { rows, rejects } = await readTable(uri, 'public.k', schema(rest))
  assert.deepEqual(rejects, [])
  assert.equal(rows.length, 3)
  const [one, none, three] = rows as [
    Record<string, unknown>,
    Record<string, unknown>,
    Record<string, unknown>,
  ]
  assert.deepEqual(
    { ...one, y: Buffer.from(one['y'] as Uint8Array).toString('hex') },
    {
      id: 1,
      b: true,
      i2: -7,
      i4: 2147483647,
      i8: 9007199254740991,
      dom: 99n,
      f4: 1.5,
      f8: 0.1,
      n: 123456789.125,
      free: 0.05,
      s: 'Grüße 😀',
      v: 'abc',
      u: '00112233-4455-6677-8899-aabbccddeeff',
      m: 'glad',
      ip: '10.0.0.1/32',
      y: '00ff',
      d: at('2024-02-29T00:00Z'),
      ts: at('2024-02-29T12:00:00.123Z') + 0.456,
      tz: at('2024-02-29T12:00:00Z') + 0.001,
      j: '{"a": [1, 2]}',
    },
  )
  assert.ok(
    Object.entries(none).every(([k, v]) => k === 'id' || v === null),
    JSON.stringify(none),
  )
  assert.deepEqual(
    { ...three, y: (three['y'] as Uint8Array).length },
    {
      id: 3,
      b: false,
      i2: 0,
      i4: -2147483648,
      i8: -9007199254740991,
      dom: -5n,
      f4: Number.NaN,
      f8: -Infinity,
      n: -0.001,
      free: 20000,
      s: '',
      v: '',
      u: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
      m: 'sad',
      ip: '::1/128',
      y: 0,
      d: at('0001-01-01T00:00Z'),
      ts: -0.001,
      tz: at('9999-12-31T23:59:59Z'),
      j: 'null',
    },
  )
})

test('values that do not fit are rejected with their key, and every other row is read', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run(
    'CREATE TABLE r (a int, "b c" text, n int8, d numeric, tz timestamptz, s text, PRIMARY KEY ("b c", a))',
  )
  await run(`INSERT INTO r VALUES (1, 'x', 1, 1, '2024-01-01Z', 'new'), (2, 'x', 2147483648, 1, '2024-01-01Z', 'new'),
    (3, 'x', 3, 'NaN', '2024-01-01Z', 'new'), (4, 'x', 4, 1.234, '2024-01-01Z', 'new'), (5, 'x', 5, 1000000000, '2024-01-01Z', 'new'),
    (6, 'x', 6, 1, 'infinity', 'new'), (7, 'x', 7, 1, '2024-01-01Z', 'odd'), (8, 'x', NULL, NULL, NULL, NULL),
    (9, 'x', 9, 'Infinity', '2024-01-01Z', 'new'), (10, 'x', 10, 99999999.99, '294276-01-01Z', 'new')`)
  const S = schema({ n: t.int32, d: t.decimal(10, 2), tz: t.timestamp, s: t.oneOf('new', 'paid') })
  const { rows, rejects } = await readTable(uri, 'r', S)
  assert.deepEqual(
    rows.map(r => r['n']),
    [1, 10],
  )
  assert.deepEqual(
    rejects.map(r => [JSON.parse(r.raw).a, r.column, r.reason]),
    [
      ['2', 'n', 'expected int32, got a value out of its range'],
      ['3', 'd', 'expected decimal(10,2), got a value out of its range'],
      ['4', 'd', 'expected decimal(10,2), got more digits after the point than its scale'],
      ['5', 'd', 'expected decimal(10,2), got a value out of its range'],
      ['6', 'tz', 'expected timestamp, got infinity'],
      ['7', 's', 'expected oneOf("new","paid"), got "odd"'],
      ['8', 'n', 'expected int32, got null'],
      ['9', 'd', 'expected decimal(10,2), got infinity'],
    ],
  )
  assert.deepEqual(JSON.parse((rejects[0] as { raw: string }).raw), { 'b c': 'x', a: '2' })
})

test('parts of a table cover each row once, by any key, and see what was there when they were planned', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  const rows = 200_000
  await run(`CREATE TABLE p AS SELECT i::int8 AS id, CASE WHEN i % 11 > 0 THEN 'k' || (i * 7919 % ${rows}) END AS k,
    CASE WHEN i % 7 > 0 THEN timestamptz '2024-01-01Z' + i * interval '1 s' END AS at, md5(i::text)::uuid AS u FROM generate_series(1, ${rows}) i`)
  const S = schema({ id: t.int64 })
  const check = async (splitBy: string | undefined, splits: number) => {
    await run('INSERT INTO p VALUES (-1)')
    await run('DELETE FROM p WHERE id = -1')
    const change = async () => {
      await run('UPDATE p SET id = -id WHERE id % 50 = 0')
      await run('UPDATE p SET id = -id WHERE id < 0')
      await run('INSERT INTO p VALUES (0)')
    }
    const read = await readTable(uri, 'p', S, {
      request: { splits },
      between: change,
      ...(splitBy === undefined ? {} : { splitBy }),
    })
    await run('DELETE FROM p WHERE id = 0')
    const ids = new Set(read.rows.map(r => r['id'] as number))
    assert.equal(read.rows.length, rows, `by ${splitBy}`)
    assert.equal(ids.size, rows)
    assert.ok(!ids.has(0))
    return read.perSplit
  }
  const even = (parts: readonly number[]) =>
    assert.ok(parts.length >= 3 && Math.max(...parts) < rows / 2, parts.join(' '))
  even(await check(undefined, 4)) // no key: by ctid
  for (const by of ['id', 'k', 'at', 'u']) even(await check(by, 4))
  await run('ALTER TABLE p ADD PRIMARY KEY (id)')
  await run('VACUUM FULL ANALYZE p')
  even(await check(undefined, 4))
})

test('partitioned tables, views and unlogged tables are read whole', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run(`CREATE TABLE part (id int, day date) PARTITION BY RANGE (id); CREATE TABLE part_a PARTITION OF part FOR VALUES FROM (0) TO (150000);
    CREATE TABLE part_b PARTITION OF part DEFAULT; INSERT INTO part SELECT i, '2024-01-01' FROM generate_series(1, 200000) i; ANALYZE part;
    CREATE VIEW v AS SELECT * FROM part WHERE id % 2 = 0; CREATE UNLOGGED TABLE ul AS TABLE part;
    CREATE MATERIALIZED VIEW mv AS TABLE part`)
  const S = schema({ id: t.int32.nullable })
  const count = async (name: string, o = {}) => {
    const { rows, plan } = await readTable(uri, name, S, { request: { splits: 3 }, ...o })
    assert.equal(new Set(rows.map(r => r['id'])).size, rows.length)
    return [rows.length, plan.splits.length]
  }
  assert.deepEqual(await count('part'), [200_000, 3])
  assert.deepEqual(await count('ul'), [200_000, 3])
  assert.deepEqual(await count('mv'), [200_000, 3])
  assert.deepEqual(await count('v', { splitBy: 'id' }), [100_000, 3])
  const { rows, plan } = await readTable(uri, 'v', S)
  assert.deepEqual([rows.length, plan.splits.length], [100_000, 1])
  assert.match((plan.notes ?? []).join(), /it is a view; splitBy cuts it/)
})

test('columns that were not asked for at first are there when they are', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run(
    "CREATE TABLE w AS SELECT i AS id, 't' || i AS s, i * 2.5::float8 AS f FROM generate_series(1, 2500) i",
  )
  const S = schema({ id: t.int32.nullable, s: t.utf8.nullable, f: t.float64.nullable })
  const { rows } = await readTable(uri, 'w', S, { read: { wanted: [true, false, false] } })
  assert.equal(rows.length, 2500)
  assert.deepEqual(rows[2499], { id: 2500, s: 't2500', f: 6250 })
})

test('a row too large to be held is rejected with its key, and the rows after it are read', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run('CREATE TABLE large (id int PRIMARY KEY, s text)')
  await run("INSERT INTO large VALUES (1, 'a'), (2, repeat('x', 70000000)), (3, 'c')")
  const { rows, rejects } = await readTable(uri, 'large', schema({ s: t.utf8.nullable }))
  assert.deepEqual(
    rows.map(r => r['s']),
    ['a', 'c'],
  )
  assert.deepEqual(
    rejects.map(r => r.raw),
    ['{"id":"2"}'],
  )
  assert.match((rejects[0] as { reason: string }).reason, /the row has 7\d{7} bytes/)
})
