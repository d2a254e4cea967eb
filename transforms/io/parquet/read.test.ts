/** What others write, the reader reads; what it cannot read it refuses with a sentence. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Kind } from '../../../engine/data/kind.ts'
import { type AnySchema, schema, schemaOf, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { Condition } from '../../../engine/io/condition.ts'
import type { Split } from '../../../engine/io/source.ts'
import { noPolars, type Polars, polars } from '../../../test/polars.ts'
import { folderOf } from '../files/testing/read-all.ts'
import { parquet } from './index.ts'
import { ParquetFiles } from './source.ts'
import { batchesOf, cellsOf, EVERY, randomOf, rowsOf, type Stored } from './testing/every-kind.ts'
import { parquetFragment } from './fragment.ts'
import { duck, duckReads, noPyarrow, pyarrow, same, weRead } from './testing/peers.ts'

const folder = folderOf({})
after(() => folder.remove())
const at = (name: string) => join(folder.path, name)

const rows = rowsOf(3000)
const cells = cellsOf(EVERY, rows)
const ours = at('ours.parquet')
const writer = parquetFragment(ours, EVERY, { rowsPerPage: 700, rowsPerRowGroup: 1300 })
for (const batch of batchesOf(EVERY, rows, { rowsPerBatch: 999, pools: 'shared', gaps: false }))
  void writer.write(batch)
void writer.close()

for (const codec of ['zstd', 'snappy', 'gzip', 'uncompressed', 'brotli', 'lz4_raw'])
  for (const version of ['V1', 'V2'])
    test(`DuckDB's files: ${codec}, Parquet ${version}`, async () => {
      const path = at(`duck-${codec}-${version}.parquet`)
      await duck(
        `COPY (FROM '${ours}') TO '${path}' (FORMAT parquet, COMPRESSION ${codec}, PARQUET_VERSION ${version}, ROW_GROUP_SIZE 2048)`,
      )
      same((await weRead(new ParquetFiles(path, EVERY, {}))).cells, cells, EVERY)
    })

test("Polars' files", { skip: noPolars ?? false }, async () => {
  const pl = polars as Polars
  const path = at('polars.parquet')
  const n = 5000
  const random = randomOf(3)
  const texts = Array.from({ length: n }, (_, i) =>
    i % 13 === 0 ? null : `name ${Math.floor(random() * 400)}`,
  )
  const ints = texts.map((_, i) => (i % 17 === 0 ? null : i * 3))
  const frame = pl.DataFrame({
    text: pl.Series('text', texts, pl.Utf8),
    whole: pl.Series('whole', ints, pl.Int32),
    wide: pl.Series('wide', ints, pl.Int64),
    float: texts.map((_, i) => i / 8),
    yes: texts.map((_, i) => i % 3 === 0),
  })
  for (const compression of ['zstd', 'snappy', 'gzip', 'lz4', 'uncompressed'] as const) {
    frame.writeParquet(path, { compression })
    const s = schema({
      text: t.utf8.nullable,
      whole: t.int32.nullable,
      wide: t.int64.nullable,
      float: t.float64.nullable,
      yes: t.bool.nullable,
    })
    const { cells: got } = await weRead(parquet(path, s))
    const want = texts.map((text, i) => {
      const int = ints[i] ?? null
      const whole = int === null ? null : String(int)
      return [text, whole, whole, String(i / 8), i % 3 === 0 ? '1' : '0']
    })
    same(got, want, s)
  }
})

const ENCODINGS = `
import random, decimal, datetime
random.seed(5)
n = 4000
def some(f): return [None if i % 9 == 0 else f(i) for i in range(n)]
t = pa.table({
 'i': pa.array(some(lambda i: random.randrange(-2**31, 2**31)), pa.int32()),
 'l': pa.array(some(lambda i: random.randrange(-2**53+1, 2**53)), pa.int64()),
 'b': pa.array(some(lambda i: random.choice([2**63-1, -2**63, i, -i])), pa.int64()),
 'u': pa.array(some(lambda i: random.randrange(0, 2**32)), pa.uint32()),
 'f': pa.array(some(lambda i: random.random()), pa.float32()),
 'd': pa.array(some(lambda i: random.random()), pa.float64()),
 's': pa.array(some(lambda i: 'key ' + str(i // 3)), pa.string()),
 'z': pa.array(some(lambda i: bytes([i % 256] * (i % 7))), pa.binary()),
 't': pa.array(some(lambda i: 1600000000000 + i * 1000), pa.timestamp('ms', 'UTC')),
 'n': pa.array(some(lambda i: 1700000000123456000 + i * 1000), pa.timestamp('ns')),
 'm': pa.array(some(lambda i: decimal.Decimal(random.randrange(-10**8, 10**8)).scaleb(-2)), pa.decimal128(12, 2)),
 'o': pa.array(some(lambda i: i % 5 < 2), pa.bool_()),
})
`
const WRITTEN: AnySchema = schema({
  i: t.int32.nullable,
  l: t.int64.nullable,
  b: t.bigint.nullable,
  u: t.int64.nullable,
  f: t.float32.nullable,
  d: t.float64.nullable,
  s: t.utf8.nullable,
  z: t.bytes.nullable,
  t: t.timestamp.nullable,
  n: t.datetime.nullable,
  m: t.decimal(14, 4).nullable,
  o: t.bool.nullable,
})
const VARIANTS: { readonly [name: string]: string } = {
  dictionary: `version='2.6'`,
  plain: `use_dictionary=False`,
  'pages v2': `data_page_version='2.0', compression='gzip', data_page_size=4096`,
  'lz4, brotli': `compression={'i': 'lz4', 's': 'brotli'}`,
  delta: `use_dictionary=False, column_encoding={'i': 'DELTA_BINARY_PACKED', 'l': 'DELTA_BINARY_PACKED', 'b': 'DELTA_BINARY_PACKED', 't': 'DELTA_BINARY_PACKED', 's': 'DELTA_BYTE_ARRAY', 'z': 'DELTA_LENGTH_BYTE_ARRAY', 'o': 'RLE', 'm': 'DELTA_BYTE_ARRAY'}`,
  'delta lengths, split streams': `use_dictionary=False, column_encoding={'s': 'DELTA_LENGTH_BYTE_ARRAY', 'f': 'BYTE_STREAM_SPLIT', 'd': 'BYTE_STREAM_SPLIT', 'i': 'BYTE_STREAM_SPLIT', 'l': 'BYTE_STREAM_SPLIT'}`,
  'decimals as integers': `store_decimal_as_integer=True`,
  INT96: `use_deprecated_int96_timestamps=True`,
}
for (const [name, options] of Object.entries(VARIANTS))
  test(`pyarrow's files: ${name}`, { skip: noPyarrow }, async () => {
    const path = at('arrow.parquet')
    pyarrow(`${ENCODINGS}\npq.write_table(t, '${path}', row_group_size=1500, ${options})`)
    const got = (await weRead(new ParquetFiles(path, WRITTEN, {}))).cells
    // The same rows in a form that DuckDB has no trouble with; it has the decimal at the file's scale.
    pyarrow(`${ENCODINGS}\npq.write_table(t, '${path}.base')`)
    const want = (await duckReads(`${path}.base`, WRITTEN)).map(row =>
      row.map((v, j) =>
        WRITTEN.list[j]?.name === 'm' && v !== null ? String(BigInt(v) * 100n) : v,
      ),
    )
    same(got, want, WRITTEN)
  })

const refused = async (
  run: () => Promise<unknown>,
  message: RegExp,
  hint?: RegExp,
): Promise<void> => {
  await assert.rejects(run, (error: Fault) => {
    assert.ok(error instanceof Fault, String(error))
    assert.match(error.message, message)
    if (hint) assert.match(error.hint ?? '', hint)
    return true
  })
}

test('a type that would lose something is refused, with the kind that fits', async () => {
  const path = at('typed.parquet')
  await duck(`COPY (SELECT 1::BIGINT AS big, TIMESTAMP '2020-01-01' AS local, 1.5::DOUBLE AS f, 1.25::DECIMAL(9,2) AS d, [1] AS l,
    TIMESTAMP_NS '2020-01-01 00:00:00.000000001' AS ns) TO '${path}' (FORMAT parquet)`)
  const cases: [string, Kind, RegExp, RegExp?][] = [
    ['big', t.int32, /column "big": expected int32, got INT64/, /t\.int64/],
    [
      'local',
      t.timestamp,
      /expected timestamp, got INT64 TIMESTAMP\(MICROS, local\)/,
      /t\.datetime/,
    ],
    ['f', t.decimal(10, 2), /expected decimal\(10,2\), got DOUBLE/, /t\.float64/],
    ['d', t.decimal(9, 1), /got INT32 DECIMAL\(9,2\)/, /t\.decimal\(9, 2\)/],
    ['bgi', t.int64, /has no column "bgi"/, /did you mean "big"/],
    ['l', t.int32, /got a nested type/],
    ['l.list.element', t.int32, /has no column "l.list.element"/],
  ]
  for (const [name, kind, message, hint] of cases)
    await refused(
      () => weRead(new ParquetFiles(path, schemaOf([{ name, kind }]), {})),
      message,
      hint,
    )
  await refused(
    () => weRead(new ParquetFiles(path, schemaOf([{ name: 'ns', kind: t.datetime }]), {})),
    /nanoseconds that microseconds cannot hold/,
  )
  const wider = schemaOf([
    { name: 'whole', kind: t.bigint },
    { name: 'd', kind: t.decimal(38, 10) },
  ])
  const header = { big: 'whole' } as never
  assert.deepEqual((await weRead(new ParquetFiles(path, wider, { header }))).cells, [
    ['1', '12500000000'],
  ])
})

test('rows that do not fit are rejected one by one', async () => {
  const path = at('flawed.parquet')
  await duck(`COPY (SELECT * FROM (VALUES (1, 'a', 1), (2, NULL, 2), (3, 'x', 3), (4, 'b', 9007199254740993), (5, 'a', NULL))
    v(id, letter, big)) TO '${path}' (FORMAT parquet)`)
  const s = schemaOf([
    { name: 'id', kind: t.int32 },
    { name: 'letter', kind: t.oneOf('a', 'b') },
    { name: 'big', kind: t.int64.nullable },
  ])
  const { cells: got, rejects } = await weRead(new ParquetFiles(path, s, {}), { rowsPerBatch: 2 })
  assert.deepEqual(got, [
    ['1', 'a', '1'],
    ['5', 'a', null],
  ])
  assert.deepEqual(rejects, [
    '2 letter: expected oneOf("a","b"), got null',
    '3 letter: expected oneOf("a","b"), got another text (x)',
    '4 big: expected int64?, got a value out of its range',
  ])
})

test('rejects do not depend on the columns that are read', async () => {
  const path = at('sift.parquet')
  await duck(`COPY (SELECT i::INTEGER AS id, CASE WHEN i % 3 = 0 THEN NULL ELSE i END::BIGINT AS some,
    i::BIGINT AS whole, 9007199254740990 + i AS large FROM range(9) r(i)) TO '${path}' (FORMAT parquet)`)
  const s = schema({ id: t.int32, some: t.int64, whole: t.int64, large: t.int64 })
  const source = new ParquetFiles(path, s, {})
  const [split] = (await source.plan({ splitBytes: 1e9 })).splits
  const rejects: string[] = []
  const reader = source.open(split as never, {
    wanted: [false, false, false, false],
    rowsPerBatch: 100,
    reject: r => rejects.push(`${r.line} ${r.column}`),
    advance() {},
  })
  const batch = reader.next()
  reader.close()
  const large = [2, 3, 5, 6, 8, 9].filter(line => line > 2).map(line => `${line} large`)
  const want = ['1 some', '4 some', '7 some', ...large].sort()
  assert.deepEqual(rejects, want)
  assert.equal(batch?.selected, 9 - want.length)
  assert.deepEqual(
    batch?.columns.map(c => c !== null),
    [false, true, false, true],
  )
})

test('row groups without a row that is wanted are not read', async () => {
  const s = schemaOf([
    { name: 'steady', kind: t.timestamp },
    { name: 'decimal38', kind: t.decimal(38, 10) },
    { name: 'utf8_none', kind: t.utf8.nullable },
  ])
  const source = new ParquetFiles(ours, s, {})
  const { splits } = await source.plan({ splitBytes: 1e9 })
  const steadyAt = (row: number) => 1.6e12 + Math.floor(row / 3) * 60e3
  const read = (conditions: readonly Condition[]) => {
    const skipped: number[][] = []
    const reader = source.open(splits[0] as Split, {
      wanted: [true, true, true],
      rowsPerBatch: 5000,
      reject: () => assert.fail(),
      advance: () => {},
      leaveOut: { conditions, skipped: (...told) => skipped.push(told) },
    })
    const rows: number[] = []
    for (let batch = reader.next(); batch; batch = reader.next())
      rows.push(batch.origin?.firstRow as number, batch.rows)
    assert.equal(reader.end().lines, 3000)
    return { rows, skipped }
  }
  const second: Condition = [
    { column: 'steady', op: 'gt', value: steadyAt(1299) },
    { column: 'steady', op: 'lt', value: steadyAt(2599) },
  ]
  assert.deepEqual(read([second]), {
    rows: [1300, 1300],
    skipped: [
      [1300, 0],
      [400, 0],
    ],
  })
  const every: Condition = [{ column: 'steady', op: 'gte', value: steadyAt(0) }]
  const none: Condition = [{ column: 'utf8_none', op: 'not', value: null }]
  assert.deepEqual(read([every, none]).skipped, [
    [1300, 1],
    [1300, 1],
    [400, 1],
  ])
  // Of the second row group some rows count under one condition, some under the other: it is read.
  assert.deepEqual(read([second, none]), {
    rows: [1300, 1300],
    skipped: [
      [1300, 0],
      [400, 0],
    ],
  })
})

test('years 1 and 9999 stay what they were', async () => {
  const s = schemaOf([{ name: 'x', kind: t.timestamp }])
  const values: Stored[][] = [[-62135596800000000], [253402214400000000]]
  const far = parquetFragment(at('far.parquet'), s)
  for (const b of batchesOf(s, values, { rowsPerBatch: 9, pools: 'shared', gaps: false }))
    void far.write(b)
  void far.close()
  same((await weRead(new ParquetFiles(at('far.parquet'), s, {}))).cells, cellsOf(s, values), s)
  same(await duckReads(at('far.parquet'), s), cellsOf(s, values), s)
})

test('damaged files end in a fault, never in a crash or a hang', async () => {
  const good = readFileSync(ours)
  const random = randomOf(11)
  const s = EVERY.pick('int32_n', 'utf8', 'unique_n', 'decimal38', 'steady', 'bool_n', 'bytes')
  const path = at('damaged.parquet')
  let faults = 0
  for (let round = 0; round < 300; round++) {
    const bad = Buffer.from(good)
    // The footer's length in turn, the footer, anywhere.
    const from = round % 3 === 0 ? bad.length - 12 : round % 3 === 1 ? bad.length * 0.75 : 0
    for (let k = 0; k < 1 + (round % 4); k++)
      bad[Math.floor(from + random() * (bad.length - from))] = 256 * random()
    writeFileSync(path, round % 10 === 0 ? bad.subarray(0, Math.floor(bad.length * random())) : bad)
    try {
      await weRead(new ParquetFiles(path, s, {}))
    } catch (error) {
      assert.ok(error instanceof Fault, String((error as Error).stack))
      assert.equal(error.kind, 'data', error.message)
      faults++
    }
  }
  assert.ok(faults > 100, `${faults} faults`)
})
