/** Nested columns against DuckDB and pyarrow, both ways, and through pages and row groups of all sizes. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { RowBuilder } from '../../../engine/compile/rows.ts'
import { type AnySchema, schema, schemaOf, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import { folderOf, readAll } from '../files/testing/read-all.ts'
import { nestedKinds, valuesOf } from '../files/testing/nested-values.ts'
import { parquetFragment, type ParquetOptions } from './fragment.ts'
import { ParquetFiles } from './source.ts'
import { duck, noPyarrow, pyarrow } from './testing/peers.ts'

const folder = folderOf({})
after(() => folder.remove())
const path = join(folder.path, 'nested.parquet')

async function write(
  s: AnySchema,
  rows: readonly object[],
  o: ParquetOptions & { batch?: number } = {},
) {
  const { batch = 1000, ...options } = o
  const writer = parquetFragment(path, s, options)
  for (let at = 0; at < rows.length; at += batch) {
    const builder = new RowBuilder(s, batch)
    for (const row of rows.slice(at, at + batch)) builder.append(row)
    await writer.write(builder.take())
  }
  await writer.close()
}

const read = async (s: AnySchema, rowsPerBatch = 700) =>
  readAll(new ParquetFiles(path, s, {}), { rowsPerBatch })

const Item = schema({
  sku: t.utf8,
  price: t.decimal(10, 2),
  tags: t.list(t.utf8.nullable).nullable,
})
const Order = schema({
  id: t.int32,
  lines: t.list(t.struct(Item).nullable),
  at: t.struct(
    schema({ city: t.utf8.nullable, geo: t.struct(schema({ x: t.float64, ok: t.bool })).nullable }),
  ).nullable,
  deep: t.list(t.list(t.int64).nullable).nullable,
  any: t.json.nullable,
})
const orders = (count: number) =>
  Array.from({ length: count }, (_, id) => ({
    id,
    lines: Array.from({ length: id % 5 }, (_, n) =>
      n === 3
        ? null
        : {
            sku: `s${(id * 7 + n) % 50}`,
            price: id + n / 4,
            tags:
              n === 1 ? null : Array.from({ length: id % 3 }, (_, k) => (k === 1 ? null : `t${k}`)),
          },
    ),
    at:
      id % 4 === 0
        ? null
        : {
            city: id % 6 === 0 ? null : `c${id % 9}`,
            geo: id % 3 === 0 ? null : { x: id / 8, ok: id % 2 === 0 },
          },
    deep: id % 7 === 0 ? null : [[id, id + 1], null, []],
    any: id % 5 === 0 ? null : { a: [1, 'x', null], id },
  }))

for (const o of [
  {},
  { rowsPerPage: 1 },
  { rowsPerPage: 7, rowsPerRowGroup: 100, batch: 13 },
  { rowsPerRowGroup: 1000, batch: 2000 },
])
  test(`rows come back: ${JSON.stringify(o)}`, async () => {
    const rows = orders(2500)
    await write(Order, rows, o)
    for (const size of [1, 64, 5000]) {
      const found = await read(Order, size)
      assert.deepEqual(found.rejects, [])
      assert.deepEqual(found.rows, rows)
    }
  })

test('bytes do not depend on how rows were cut into batches', async () => {
  const { readFileSync } = await import('node:fs')
  const files: Buffer[] = []
  for (const batch of [1, 17, 4000]) {
    await write(Order, orders(4000), { batch, rowsPerPage: 64, rowsPerRowGroup: 900 })
    files.push(readFileSync(path))
  }
  assert.ok(files.every(f => f.equals(files[0] as Buffer)))
})

test('DuckDB reads what we write', async () => {
  const rows = orders(3000)
  await write(Order, rows, { rowsPerPage: 100, rowsPerRowGroup: 1100 })
  const [types] = await duck(
    `SELECT string_agg(column_name || ' ' || column_type, '; ') FROM (DESCRIBE FROM read_parquet('${path}'))`,
  )
  assert.equal(
    types?.[0],
    'id INTEGER; lines STRUCT(sku VARCHAR, price DECIMAL(10,2), tags VARCHAR[])[]; "at" STRUCT(city VARCHAR, geo STRUCT(x DOUBLE, ok BOOLEAN)); deep BIGINT[][]; "any" JSON'.replaceAll(
      '"',
      '',
    ),
  )
  const found = await duck(
    `SELECT to_json(r) FROM (SELECT id, lines, "at", deep, "any" FROM read_parquet('${path}') ORDER BY id) AS r`,
  )
  assert.equal(found.length, rows.length)
  found.forEach(([text], i) => assert.deepEqual(JSON.parse(text ?? ''), rows[i]))
})

test('we read what DuckDB writes', async () => {
  const rows = orders(3000)
  await write(Order, rows)
  const theirs = join(folder.path, 'duck.parquet')
  await duck(
    `COPY (FROM read_parquet('${path}')) TO '${theirs}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
  )
  const { rows: found, rejects } = await readAll(new ParquetFiles(theirs, Order, {}), {
    rowsPerBatch: 99,
  })
  // DuckDB marks every part as one that may be null, but none of these is.
  assert.deepEqual(rejects, [])
  assert.deepEqual(found, rows)
})

test('parts that are null or missing where none may be', async () => {
  await duck(`COPY (SELECT * FROM (VALUES
    (1, [{'sku': 'a', 'price': 1.5::DECIMAL(10,2)}]), (2, [{'sku': NULL, 'price': 1::DECIMAL(10,2)}]), (3, [NULL]), (4, NULL), (5, [])
  ) AS v(id, lines)) TO '${path}' (FORMAT parquet)`)
  const Line = schema({ sku: t.utf8, price: t.decimal(10, 2) })
  const { rows, rejects } = await read(schema({ id: t.int32, lines: t.list(t.struct(Line)) }))
  assert.deepEqual(rows, [
    { id: 1, lines: [{ sku: 'a', price: 1.5 }] },
    { id: 5, lines: [] },
  ])
  assert.deepEqual(
    rejects.map(r => [r.line, r.reason]),
    [
      [2, 'lines[0].sku: expected utf8, got null'],
      [3, `lines[0]: expected ${t.struct(Line).name}, got null`],
      [4, `expected ${t.list(t.struct(Line)).name}, got null`],
    ],
  )
  const More = schema({
    sku: t.utf8.nullable,
    price: t.decimal(10, 2).nullable,
    note: t.utf8.nullable,
  })
  const wider = await read(schema({ lines: t.list(t.struct(More).nullable).nullable }))
  assert.deepEqual(wider.rows[0], { lines: [{ sku: 'a', price: 1.5, note: null }] })
  assert.equal(wider.rows.length, 5)
  const refused = (s: AnySchema, message: RegExp) =>
    assert.rejects(read(s), (fault: Fault) => fault.kind === 'data' && message.test(fault.message))
  await refused(
    schema({ lines: t.list(t.struct(schema({ sku: t.utf8, n: t.int32 }))) }),
    /column lines\[\]\.n is missing: there are sku price/,
  )
  await refused(
    schema({ lines: t.list(t.struct(schema({ sku: t.int32 }))) }),
    /column lines\[\]\.sku: expected int32, got BYTE_ARRAY STRING/,
  )
  await refused(
    schema({ lines: t.list(t.utf8) }),
    /column lines\[\]: expected utf8, got a group of sku price/,
  )
  await refused(schema({ id: t.list(t.utf8) }), /column id: expected list\(utf8\), got INT32/)
})

test('kinds at random: DuckDB writes again what we wrote, and we read it', async () => {
  const table = nestedKinds(3).chain(kind =>
    fc.array(valuesOf(kind), { minLength: 1, maxLength: 6 }).map(values => ({
      kind,
      values,
      [fc.toStringMethod]: () => `${kind.name} ${fc.stringify(values)}`,
    })),
  )
  await fc.assert(
    fc.asyncProperty(table, async ({ kind, values }) => {
      const s = schemaOf([{ name: 'v', kind }])
      await write(
        s,
        values.map(v => ({ v })),
      )
      const theirs = join(folder.path, 'again.parquet')
      await duck(`COPY (FROM read_parquet('${path}')) TO '${theirs}' (FORMAT parquet)`)
      const { rows } = await readAll(new ParquetFiles(theirs, s, {}), {})
      assert.deepEqual(
        rows.map(r => r['v']),
        values,
      )
    }),
    { numRuns: 40 },
  )
})

test('pyarrow reads and writes the same', { skip: noPyarrow }, async () => {
  const rows = orders(500)
  await write(Order, rows, { rowsPerPage: 50 })
  const theirs = join(folder.path, 'arrow.parquet')
  pyarrow(`t = pq.read_table('${path}')
assert t.num_rows == 500, t.num_rows
assert t['lines'][4].as_py()[0]['sku'] == 's28', t['lines'][4]
pq.write_table(t, '${theirs}', data_page_version='2.0', row_group_size=200, data_page_size=512)
`)
  const found = await readAll(new ParquetFiles(theirs, Order, {}), { rowsPerBatch: 77 })
  assert.deepEqual(found.rejects, [])
  assert.deepEqual(found.rows, rows)
})
