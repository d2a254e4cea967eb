/** What the text sinks write, and that the sources read it back as it was. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { dense } from '../../../engine/data/batch.ts'
import { newColumn } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { type AnySchema, schemaOf, t } from '../../../engine/data/schema.ts'
import { writeUnits, writeValue } from '../../../engine/data/value.ts'
import type { FileSink } from '../../../engine/io/sink.ts'
import type { AnySource } from '../../../engine/io/source.ts'
import { csv } from '../csv/csv.ts'
import { ndjson } from '../ndjson/ndjson.ts'
import { folderOf, readAll } from './testing/read-all.ts'

const folder = folderOf({})
after(() => folder.remove())

const FORMATS: readonly [FileSink, (path: string, s: AnySchema) => AnySource][] = [
  [csv(folder.path), (path, s) => csv(path, s)],
  [ndjson(folder.path), (path, s) => ndjson(path, s)],
]

type Row = readonly unknown[]

function batchOf(schema: AnySchema, rows: readonly Row[]) {
  const columns = schema.list.map(({ kind }) => newColumn(kind, rows.length))
  rows.forEach((row, i) => {
    columns.forEach((column, j) => {
      const value = row[j]
      if (column.kind.precision > 15 && typeof value === 'bigint') {
        writeUnits(column, i, value)
        if (column.valid) column.valid[i] = 1
      } else writeValue(column, i, value)
    })
  })
  return dense(schema, columns, rows.length)
}

/** Writes two fragments and joins them; answers the file's path. */
async function write(
  sink: FileSink,
  schema: AnySchema,
  parts: readonly (readonly Row[])[],
): Promise<string> {
  const fragments = []
  for (const [n, rows] of parts.entries()) {
    const writer = sink.open(join(folder.path, `f${n}.part`), schema)
    await writer.write(batchOf(schema, rows))
    fragments.push(await writer.close())
  }
  const path = join(folder.path, `out${sink.extension}`)
  const bytes = await sink.assemble(fragments, path, schema)
  assert.equal(bytes, readFileSync(path).length)
  return path
}

const All = schemaOf(
  Object.entries({
    bool: t.bool,
    int32: t.int32,
    int64: t.int64,
    bigint: t.bigint,
    float32: t.float32,
    float64: t.float64,
    decimal: t.decimal(15, 4),
    whole: t.decimal(5, 0),
    wide: t.decimal(38, 12),
    utf8: t.utf8,
    bytes: t.bytes,
    date: t.date,
    timestamp: t.timestamp,
    datetime: t.datetime,
  }).map(([name, kind]) => ({ name, kind: (kind as Kind).nullable })),
)
const DAY = 86_400_000
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '"', 'a,b', 'l1\r\nl2', '\r', '\t\u0001\u007f\\', 'null', ' x ', 'é😀'),
)
const millis = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 })
/** Far from 1970 only whole seconds fit a double's microseconds. */
const whole = (ms: number): number => (Math.abs(ms) < 4e12 ? ms : Math.floor(ms / 1000) * 1000)
const value: { readonly [column: string]: fc.Arbitrary<unknown> } = {
  bool: fc.boolean(),
  int32: fc.integer(),
  int64: fc.maxSafeInteger(),
  bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  float32: fc.float(),
  float64: fc.double(),
  decimal: fc.integer({ min: -999_999_999, max: 999_999_999 }).map(n => n / 1e4),
  whole: fc.integer({ min: -99_999, max: 99_999 }),
  wide: fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
  utf8: text,
  bytes: fc.uint8Array(),
  date: millis.map(ms => Math.floor(ms / DAY) * DAY),
  timestamp: fc
    .tuple(millis, fc.nat(999))
    .map(([ms, us]) => (Math.abs(ms) < 4e12 ? ms + us / 1000 : whole(ms))),
  datetime: millis.map(whole),
}
const row = fc.tuple(
  ...All.list.map(f => fc.option(value[f.name] as fc.Arbitrary<unknown>, { freq: 6 })),
)
const shown = (v: unknown): unknown =>
  Object.is(v, -0) ? 0 : typeof v === 'string' ? v.toWellFormed() : v

for (const [sink, source] of FORMATS)
  test(`${sink.format}: every kind comes back as it was`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async rows => {
        const path = await write(sink, All, [rows.slice(0, 7), rows.slice(7)])
        const got = await readAll(source(path, All))
        assert.deepEqual(got.rejects, [])
        const expected = rows.map(r =>
          r.map((v, j) =>
            All.list[j]?.name === 'timestamp' && typeof v === 'number'
              ? Math.round(v * 1000) / 1000
              : shown(v),
          ),
        )
        assert.deepEqual(
          got.rows.map(r => Object.values(r).map(shown)),
          expected,
        )
      }),
      { numRuns: 200 },
    )
  })

const Few = schemaOf([
  { name: 'a,b', kind: t.utf8.nullable },
  { name: 'n', kind: t.decimal(6, 2) },
  { name: 'at', kind: t.timestamp },
  { name: 'x', kind: t.float64 },
])
const at = Date.UTC(2011, 0, 31, 8, 26)
const ROWS: readonly Row[] = [
  ['a "b"', 1.5, at, 0.1],
  [null, -0.05, at + 0.25, Number.NaN],
  ['', 1234.56, -1, 1e21],
]

test('csv as written', async () => {
  const path = await write(csv(folder.path), Few, [ROWS.slice(0, 1), ROWS.slice(1)])
  assert.equal(
    readFileSync(path, 'utf8'),
    [
      '"a,b",n,at,x',
      '"a ""b""",1.50,2011-01-31T08:26:00Z,0.1',
      ',-0.05,2011-01-31T08:26:00.00025Z,NaN',
      '"",1234.56,1969-12-31T23:59:59.999Z,1e+21',
      '',
    ].join('\n'),
  )
})

test('ndjson as written', async () => {
  const path = await write(ndjson(folder.path), Few, [ROWS])
  assert.equal(
    readFileSync(path, 'utf8'),
    [
      '{"a,b":"a \\"b\\"","n":1.50,"at":"2011-01-31T08:26:00Z","x":0.1}',
      '{"a,b":null,"n":-0.05,"at":"2011-01-31T08:26:00.00025Z","x":"NaN"}',
      '{"a,b":"","n":1234.56,"at":"1969-12-31T23:59:59.999Z","x":1e+21}',
      '',
    ].join('\n'),
  )
})

test('one column of nulls keeps its rows; no rows leave a header', async () => {
  const One = schemaOf([{ name: 'n', kind: t.int32.nullable }])
  const path = await write(csv(folder.path), One, [[[1], [null], [2]]])
  assert.deepEqual(
    (await readAll(csv(path, One))).rows.map(r => r.n),
    [1, null, 2],
  )
  assert.equal(readFileSync(await write(csv(folder.path), One, []), 'utf8'), 'n\n')
  assert.equal(readFileSync(await write(ndjson(folder.path), One, []), 'utf8'), '')
})

test('one column of texts refuses a null that would be read as an empty text', async () => {
  const One = schemaOf([{ name: 's', kind: t.utf8.nullable }])
  const rows = [['a'], [''], [null]]
  await assert.rejects(write(csv(folder.path), One, [rows]), {
    kind: 'data',
    message: /^a null of "s" would be read as an empty text/,
    hint: /nulls: 'NULL'/,
  })
  const named = { nulls: 'NULL' }
  const path = await write(csv(folder.path, named), One, [rows])
  const read = await readAll(csv(path, One, { nulls: ['NULL'] }))
  assert.deepEqual(
    read.rows.map(r => r.s),
    ['a', '', null],
  )
})

test('selected rows, long texts, and an abort', async () => {
  const Text = schemaOf([{ name: 's', kind: t.utf8 }])
  const rows = Array.from({ length: 300 }, (_, i) => [String(i % 10).repeat(i * 40)])
  for (const [sink, source] of FORMATS) {
    const path = join(folder.path, `selected${sink.extension}`)
    const writer = sink.open(`${path}.part`, Text)
    await writer.write({
      ...batchOf(Text, rows),
      selection: Int32Array.of(2, 298, 299),
      selected: 2,
    })
    const fragment = await writer.close()
    assert.equal(fragment.rows, 2)
    await sink.assemble([fragment], path, Text)
    assert.deepEqual(
      (await readAll(source(path, Text))).rows.map(r => r.s),
      [rows[2]?.[0], rows[298]?.[0]],
    )
    const aborted = sink.open(`${path}.gone`, Text)
    await aborted.write(batchOf(Text, rows))
    await aborted.abort()
    assert.ok(!existsSync(`${path}.gone`))
  }
})
