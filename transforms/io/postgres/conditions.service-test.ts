/** Conditions that the server is asked drop the rows that the engine would drop, and count them as it would. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AnySchema, schema, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import { type Condition, passes, type Test } from '../../../engine/io/condition.ts'
import { needs } from '../../../test/services/services.ts'
import { databaseOf, readTable } from '../../../test/postgres/database.ts'

const DAY = 86_400_000
const TEXTS = ['', 'a', 'B', 'b', 'ä', 'ba', "o'x\\", '😀', '\uFFFD']
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  i: [-2, 0, 3, 1.5],
  l: [-(2 ** 53 - 1), 0, 2 ** 53 - 1],
  g: [-(2n ** 63n), 0n, 2n ** 63n - 1n],
  f: [-Infinity, -0, 0.1, 1.5, Infinity, Number.NaN],
  r: [0.1, Math.fround(0.1), 2],
  n: [0.1, -0.3, 1.005, 20],
  w: [0.1, 5],
  s: TEXTS,
  c: TEXTS,
  y: [Uint8Array.of(), Uint8Array.of(0, 39), Uint8Array.of(255)],
  b: [true, false],
  d: [0, 19_000 * DAY, -719_162 * DAY],
  z: [0, 1.001, 1_700_000_000_123.456, -62_135_596_800_000],
}
const S = schema({
  id: t.int32,
  i: t.int32.nullable,
  l: t.int64.nullable,
  g: t.bigint.nullable,
  f: t.float64.nullable,
  r: t.float32.nullable,
  n: t.decimal(10, 2).nullable,
  w: t.decimal(30, 2).nullable,
  s: t.utf8.nullable,
  c: t.utf8.nullable,
  y: t.bytes.nullable,
  b: t.bool.nullable,
  d: t.date.nullable,
  z: t.timestamp.nullable,
})
const ORDERED = ['gt', 'gte', 'lt', 'lte'] as const

function testOf(column: string): fc.Arbitrary<Test> {
  const values = VALUES[column] as readonly unknown[]
  const one = fc.constantFrom(...values)
  const orders = column === 'b' || column === 'y' ? [] : ORDERED
  return fc.oneof(
    fc.record({
      column: fc.constant(column),
      op: fc.constantFrom('eq', 'not', ...orders),
      value: one,
    }),
    fc.record({
      column: fc.constant(column),
      op: fc.constantFrom('eq', 'not'),
      value: fc.constant(null),
    }),
    fc.record({
      column: fc.constant(column),
      op: fc.constant('in'),
      value: fc.array(fc.constantFrom(...values, null), { maxLength: 3 }),
    }),
  ) as fc.Arbitrary<Test>
}
const conditionOf = fc.array(fc.constantFrom(...Object.keys(VALUES)).chain(testOf), {
  minLength: 1,
  maxLength: 2,
})

async function filled(
  run: (sql: string, values?: readonly unknown[]) => Promise<unknown>,
): Promise<void> {
  await run(`CREATE TABLE v (id int PRIMARY KEY, i int, l int8, g int8, f float8, r float4, n numeric(10,2), w numeric(30,2),
    s text COLLATE "en-x-icu", c text COLLATE vague, y bytea, b bool, d date, z timestamptz)`)
  const names = Object.keys(VALUES)
  for (let id = 0; id < 60; id++) {
    const values = names.map((name, k) => {
      const list = VALUES[name] as readonly unknown[]
      const value = [...list, null][(id * (k + 3) + k + (id >> 3)) % (list.length + 1)]
      if (name === 'i' && value === 1.5) return 7
      if (name === 'n' && value === 1.005) return '1.01'
      if (value instanceof Uint8Array) return Buffer.from(value)
      if (name === 'd')
        return value === null
          ? null
          : new Date(value as number)
              .toISOString()
              .slice(0, 10)
              .replace(/^-?0*(?=\d{4})/, '')
      if (name === 'z' && value !== null)
        return `${new Date(Math.floor(value as number)).toISOString().slice(0, 23)}${value === 1.001 ? '001' : value === 1_700_000_000_123.456 ? '456' : '000'}Z`
      return typeof value === 'number' || typeof value === 'bigint'
        ? String(Object.is(value, -0) ? '-0' : value)
        : value
    })
    await run(`INSERT INTO v VALUES (${[id, ...names].map((_, k) => `$${k + 1}`).join(', ')})`, [
      id,
      ...values,
    ])
  }
}

test('a condition asked of the server is answered as the engine answers it', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(
    c,
    "TEMPLATE template0 LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'",
  )
  await run(
    "CREATE COLLATION vague (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
  )
  await filled(run)
  const all = (await readTable(uri, 'v', S)).rows
  assert.equal(all.length, 60)
  let pushed = 0
  await fc.assert(
    fc.asyncProperty(fc.array(conditionOf, { minLength: 1, maxLength: 3 }), async conditions => {
      const { rows, skipped } = await readTable(uri, 'v', S, { conditions })
      const failing = (row: Record<string, unknown>, list: readonly Condition[]) =>
        list.findIndex(condition => !condition.every(test => passes(test, row[test.column])))
      const by = all.map(row => failing(row, conditions))
      const read = new Set(rows.map(r => r['id']))
      // What is not read fails a condition; what the server was not asked is read.
      all.forEach(
        (row, k) => by[k] === -1 && assert.ok(read.has(row['id']), JSON.stringify(row, shown)),
      )
      const left = all.filter(row => !read.has(row['id']))
      const counted = new Map<number, number>()
      for (const row of left) {
        const first = failing(row, conditions)
        assert.notEqual(first, -1)
        counted.set(first, (counted.get(first) ?? 0) + 1)
      }
      assert.deepEqual(new Map([...skipped].sort()), new Map([...counted].sort()))
      pushed += left.length
    }),
    { numRuns: Number(process.env['MILLRACE_RUNS'] ?? 150) },
  )
  assert.ok(pushed > 1000, `${pushed} rows left out`)
})
const shown = (_: string, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v)

test('rows that have to be rejected are read whatever the conditions say', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run(
    "CREATE TABLE f (id int PRIMARY KEY, n numeric, s text); INSERT INTO f VALUES (1, 1, 'a'), (2, 'NaN', 'a'), (3, 3, 'b'), (4, 'NaN', 'b')",
  )
  const F = schema({ n: t.decimal(10, 2), s: t.utf8.nullable })
  const conditions = [[{ column: 's', op: 'eq', value: 'a' }]] as Condition[]
  const { rows, rejects, skipped } = await readTable(uri, 'f', F, { conditions })
  assert.deepEqual(rows, [{ n: 1, s: 'a' }])
  assert.deepEqual(
    rejects.map(r => r.raw),
    ['{"id":"2"}', '{"id":"4"}'],
  )
  assert.deepEqual([...skipped], [[0, 1]])
})

test('`where` leaves rows out of the source; a test that postgres would answer otherwise is refused', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run(
    "CREATE TABLE o (id int PRIMARY KEY, country text, w numeric(30,2), big int8); INSERT INTO o VALUES (1, 'France', 1, 1), (2, 'Spain', 1, 1), (3, NULL, 1, 1), (4, 'x'' OR true --', 1, 9223372036854775807)",
  )
  const O = schema({
    id: t.int32,
    country: t.utf8.nullable,
    w: t.decimal(30, 2).nullable,
    big: t.bigint.nullable,
  }) as AnySchema
  const ids = async (where: object) =>
    (await readTable(uri, 'o', O, { where })).rows.map(r => r['id'])
  assert.deepEqual(await ids({ country: 'France' }), [1])
  assert.deepEqual(await ids({ country: { not: 'France' }, id: { lte: 3 } }), [2])
  assert.deepEqual(await ids({ country: { in: ['Spain', null] } }), [2, 3])
  assert.deepEqual(await ids({ country: "x' OR true --" }), [4])
  assert.deepEqual(await ids({ big: { gte: 2n ** 62n } }), [4])
  await assert.rejects(
    ids({ w: { gt: 0.5 } }),
    (f: Fault) => f.kind === 'pipeline' && /"w" gt cannot be asked/.test(f.message),
  )
  await assert.rejects(
    ids({ country: { like: 'x' } }),
    (f: Fault) => f.kind === 'pipeline' && /test "like" of column "country"/.test(f.message),
  )
})
