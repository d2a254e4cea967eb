/** Nested kinds through the text formats: what is written is read back, and what does not fit says where. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { type AnySchema, schema, schemaOf, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import { runPipeline } from '../../../engine/run/run.ts'
import { runRows } from '../../../testing/index.ts'
import { pipeline } from '../../pipeline.ts'
import { csv } from '../csv/csv.ts'
import { ndjson } from '../ndjson/ndjson.ts'
import { parquet } from '../parquet/index.ts'
import { nestedKinds, valuesOf } from './testing/nested-values.ts'

const home = mkdtempSync(join(tmpdir(), 'millrace-nested-'))
after(() => rmSync(home, { recursive: true, force: true }))
let count = 0

const FORMATS = {
  ndjson: {
    write: (folder: string) => ndjson(folder),
    read: (f: string, s: AnySchema) => ndjson(f, s),
  },
  csv: { write: (folder: string) => csv(folder), read: (f: string, s: AnySchema) => csv(f, s) },
  parquet: {
    write: (folder: string) => parquet(folder),
    read: (f: string, s: AnySchema) => parquet(f, s),
  },
}

async function roundTrip(format: keyof typeof FORMATS, s: AnySchema, rows: readonly object[]) {
  const folder = join(home, `${count++}`)
  const { write, read } = FORMATS[format]
  const report = await runPipeline({
    pipeline: pipeline({
      name: 'write',
      build: p => void p.create(s, rows as never).write(write(folder) as never),
    }),
  })
  assert.equal(report.status, 'done', JSON.stringify(report.error))
  const back = await runRows(p => ({ rows: p.read(read(folder, s)) as never }))
  assert.deepEqual(back.report.error, undefined)
  const found = back.rows as unknown as { rows: object[] }
  return found.rows
}

for (const format of Object.keys(FORMATS) as (keyof typeof FORMATS)[])
  test(`whatever is nested is read back from ${format}`, async () => {
    const kind = nestedKinds()
    const table = fc.tuple(kind, fc.boolean()).chain(([of, or]) => {
      const v = or ? of.nullable : of
      const s = schemaOf([
        { name: 'id', kind: t.int32 },
        { name: 'v', kind: v },
      ])
      const rows = fc.array(valuesOf(v), { minLength: 1, maxLength: 5 })
      return rows.map(values => ({
        s,
        rows: values.map((value, id) => ({ id, v: value })),
        [fc.toStringMethod]: () => `${v.name} ${fc.stringify(values)}`,
      }))
    })
    await fc.assert(
      fc.asyncProperty(table, async ({ s, rows }) => {
        assert.deepEqual(await roundTrip(format, s, rows), rows)
      }),
      { numRuns: 60 },
    )
  })

const Item = schema({ sku: t.utf8, price: t.decimal(10, 2), note: t.json.nullable })
const Order = schema({
  id: t.int32,
  lines: t.list(t.struct(Item)),
  at: t.struct(schema({ city: t.utf8.nullable })).nullable,
})

const reasonsOf = async (lines: readonly string[]) => {
  const file = join(home, 'orders.ndjson')
  writeFileSync(file, lines.map(line => `${line}\n`).join(''))
  const { rows, report } = await runRows(p => {
    const read = p.read(ndjson(file, Order))
    return { read, rejects: read.rejects }
  })
  assert.equal(report.error, undefined)
  return { rows: rows.read, rejects: rows.rejects.map(r => [r.column, r.reason]) }
}

test('a part that does not fit says where it is', async () => {
  const line = (lines: string) => `{"id":1,"lines":${lines}}`
  const { rows, rejects } = await reasonsOf([
    line('[{"sku":"a","price":1.5},{"sku":"b","price":"abc"}]'),
    line('[{"sku":"a","price":1.555}]'),
    line('[{"sku":"a"}]'),
    line('[{"sku":null,"price":1}]'),
    line('[1]'),
    line('[null]'),
    line('{}'),
    line('"[]"'),
    line('null'),
    `{"id":1,"lines":[],"at":{"city":["x"]}}`,
  ])
  assert.deepEqual(rows, [])
  assert.deepEqual(rejects, [
    ['lines', 'lines[1].price: expected decimal(10,2), got "abc" (a text)'],
    ['lines', 'lines[0].price: expected decimal(10,2), got "1.555" (would be rounded)'],
    ['lines', 'lines[0].price: expected decimal(10,2), got null'],
    ['lines', 'lines[0].sku: expected utf8, got null'],
    ['lines', `lines[0]: expected ${t.struct(Item).name}, got "1"`],
    ['lines', `lines[0]: expected ${t.struct(Item).name}, got null`],
    ['lines', `expected ${t.list(t.struct(Item)).name}, got "{}"`],
    ['lines', `expected ${t.list(t.struct(Item)).name}, got "[]" (a text)`],
    ['lines', `expected ${t.list(t.struct(Item)).name}, got null`],
    ['at', 'at.city: expected utf8, got "[\\"x\\"]"'],
  ])
})

test('keys in any order, unknown ones, escapes, white space, the last of two', async () => {
  const { rows, rejects } = await reasonsOf([
    String.raw`{"lines":[ { "x" : [1,{"sku":"no"}] , "pr\u0069ce" : 2 , "sku" : "a\"\u00e9\n" , "note" : {"b" : [ 1 , 2.50 ]}, "price":3 } ],"id":7}`,
  ])
  assert.deepEqual(rejects, [])
  assert.deepEqual(rows, [
    { id: 7, lines: [{ sku: 'a"é\n', price: 3, note: { b: [1, 2.5] } }], at: null },
  ])
})

test('json keeps the digits that no double holds', async () => {
  const file = join(home, 'digits.ndjson')
  writeFileSync(file, '{"v":{"n": 12345678901234567890.10 , "s":"a b"}}\n{"v": "x"}\n{"v":1e400}\n')
  const s = schema({ v: t.json })
  const out = join(home, 'digits')
  const report = await runPipeline({
    pipeline: pipeline({
      name: 'digits',
      build: p => void p.read(ndjson(file, s)).write(ndjson(out)),
    }),
  })
  assert.equal(report.status, 'done')
  const { readFileSync } = await import('node:fs')
  const text = readdirSync(out)
    .map(name => readFileSync(join(out, name), 'utf8'))
    .join('')
  assert.equal(text, '{"v":{"n":12345678901234567890.10,"s":"a b"}}\n{"v":"x"}\n{"v":1e400}\n')
})

test('a csv cell that is no JSON is refused, with the text', async () => {
  const file = join(home, 'cells.csv')
  writeFileSync(
    file,
    'id,lines,at\n1,"[{""sku"":""a"",""price"":1}]",\n2,[1,\n3,x,\n4,null,\n5,[],"{""city"":""Rom""}"\n',
  )
  const { rows } = await runRows(p => {
    const read = p.read(csv(file, Order))
    return { read, rejects: read.rejects }
  })
  assert.deepEqual(rows.read, [
    { id: 1, lines: [{ sku: 'a', price: 1, note: null }], at: null },
    { id: 5, lines: [], at: { city: 'Rom' } },
  ])
  const type = t.list(t.struct(Item)).name
  assert.deepEqual(
    rows.rejects.map(r => r.reason),
    [
      `expected ${type}, got "[1" (not JSON)`,
      `expected ${type}, got "x" (not JSON)`,
      `expected ${type}, got null`,
    ],
  )
})

test('lambdas read and make nested values; an exchange carries them', async () => {
  const rows = Array.from({ length: 3000 }, (_, id) => ({
    id,
    lines: Array.from({ length: id % 4 }, (_, n) => ({
      sku: `s${n}`,
      price: id + n / 4,
      note: null,
    })),
    at: id % 3 === 0 ? null : { city: `c${id % 7}` },
  }))
  const Total = schema({ id: t.int32, total: t.decimal(12, 2), cities: t.list(t.utf8) })
  const { rows: found } = await runRows(p => ({
    totals: p
      .create(Order, rows)
      .reshuffle()
      .filter(r => r.lines.length > 0)
      .map(Total, r => ({
        id: r.id,
        total: r.lines.reduce((sum, line) => sum + line.price, 0),
        cities: r.at?.city ? [r.at.city] : [],
      }))
      .sortBy('id'),
  }))
  assert.deepEqual(
    found.totals,
    rows
      .filter(r => r.lines.length > 0)
      .map(r => ({
        id: r.id,
        total: r.lines.reduce((sum, line) => sum + line.price, 0),
        cities: r.at ? [r.at.city] : [],
      })),
  )
})

test('a lambda that answers a wrong part is told where', () =>
  assert.rejects(
    runRows(p => ({
      made: p.create(schema({ id: t.int32 }), [{ id: 1 }]).map(Order, r => ({
        id: r.id,
        lines: [{ sku: 'a', price: 'b' as unknown as number, note: null }],
        at: null,
      })),
    })),
    /column "lines": \[0\]\.price: expected decimal\(10,2\), got "b"/,
  ))

test('what has parts is no key, and is compared with null only', async () => {
  const refused = (
    build: (o: import('../../pcollection.ts').PCollection<typeof Order.fields>) => unknown,
    message: RegExp,
  ) =>
    assert.rejects(
      runRows(p => {
        const o = p.create(Order, [])
        build(o)
        return { o }
      }),
      (fault: Fault) => message.test(fault.message),
    )
  await Promise.all([
    refused(
      o => o.groupBy('lines').aggregate(g => ({ n: g.count() })),
      /"lines" is a list, which is no key/,
    ),
    refused(o => o.sortBy('at'), /"at" is a struct, which is no key/),
    refused(
      o => o.where({ lines: { eq: [] } as never }),
      /"lines" is list, which is tested for null only/,
    ),
  ])
})
