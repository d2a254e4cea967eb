/** What the encoder writes, others read; and its bytes depend on the rows alone. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { Kind } from '../../../engine/data/kind.ts'
import { type AnySchema, schemaOf, t } from '../../../engine/data/schema.ts'
import type { Fragment } from '../../../engine/io/sink.ts'
import { folderOf } from '../files/testing/read-all.ts'
import { assemble } from './assemble.ts'
import { type FileMeta, ParquetFile, readFooter } from './footer-read.ts'
import { parquetFragment, type ParquetOptions } from './fragment.ts'
import { ParquetFiles } from './source.ts'
import { batchesOf, cellsOf, type Cut, EVERY, rowsOf, type Stored } from './testing/every-kind.ts'
import {
  duck,
  duckReads,
  noPyarrow,
  pyarrowReads,
  same,
  wasmReads,
  weRead,
} from './testing/peers.ts'

const folder = folderOf({})
after(() => folder.remove())
const SMALL: ParquetOptions = { rowsPerPage: 700, rowsPerRowGroup: 3000 }
const PLAIN_CUT: Cut = { rowsPerBatch: 1000, pools: 'shared', gaps: false }

function write(
  name: string,
  rows: readonly Stored[][],
  o: { cut?: Cut; schema?: AnySchema; options?: ParquetOptions } = {},
): Fragment {
  const schema = o.schema ?? EVERY
  const writer = parquetFragment(join(folder.path, name), schema, o.options ?? SMALL)
  for (const batch of batchesOf(schema, rows, o.cut ?? PLAIN_CUT)) void writer.write(batch)
  return writer.close() as Fragment
}

function metaOf(path: string): FileMeta {
  const file = new ParquetFile(path)
  try {
    return readFooter(file)
  } finally {
    file.close()
  }
}

const rows = rowsOf(7000)
const cells = cellsOf(EVERY, rows)
const { path } = write('every.parquet', rows)

test('every kind reads back through our own reader', async () => {
  const source = new ParquetFiles(path, EVERY, {})
  for (const rowsPerBatch of [333, 1000, 100_000]) {
    const read = await weRead(source, { rowsPerBatch })
    same(read.cells, cells, EVERY)
    assert.deepEqual(read.rejects, [])
  }
  assert.equal((await weRead(source, { splitBytes: 1 })).splits, 3)
  same((await weRead(source, { splitBytes: 1 })).cells, cells, EVERY)
})

test('columns asked for late come with the same rows', async () => {
  const { cells: late } = await weRead(new ParquetFiles(path, EVERY, {}), {
    rowsPerBatch: 500,
    late: true,
  })
  same(late, cells.slice(1000), EVERY)
})

test('DuckDB reads every kind', async () => {
  same(await duckReads(path, EVERY), cells, EVERY)
})

test('parquet-wasm (Rust arrow) reads every kind', async () => {
  same(await wasmReads(path, EVERY), cells, EVERY)
})

test('pyarrow reads every kind', { skip: noPyarrow }, async () => {
  same(await pyarrowReads(path, EVERY), cells, EVERY)
})

/** A value as hyparquet gives it: decimals are doubles there, dates and times Dates of milliseconds. */
function asHyparquet({ tag, scale }: Kind, value: Stored): unknown {
  if (value === null) return null
  if (tag === 'bool') return value === 1
  if (tag === 'date') return Number(value) * 86_400_000
  if (tag === 'timestamp' || tag === 'datetime') return Math.trunc(Number(value) / 1000)
  if (tag === 'decimal') return Number(value) * 10 ** -scale
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return String(value)
}

function fromHyparquet(value: unknown, { tag }: Kind): unknown {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return value.getTime()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return tag === 'bool' || tag === 'decimal' ? value : String(value)
}

test('hyparquet reads every kind, as exactly as it can', async () => {
  const bytes = readFileSync(path)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  const objects = (await parquetReadObjects({ file, compressors, utf8: false })) as Record<
    string,
    unknown
  >[]
  assert.equal(objects.length, rows.length)
  EVERY.list.forEach(({ name, kind }, j) => {
    objects.forEach((o, i) => {
      const got = fromHyparquet(o[name], kind)
      const want = asHyparquet(kind, rows[i]?.[j] as Stored)
      if (kind.tag !== 'decimal' || want === null) assert.equal(got, want, name)
      else assert.ok(Math.abs((got as number) / (want as number) - 1) < 1e-15 || got === want, name)
    })
  })
})

test('kinds are the types that the format has for them; all pages are zstd', async () => {
  const found = await duck(`DESCRIBE FROM '${path}'`)
  const types = new Map(found.map(([name, type]) => [name, type]))
  const expected: { [name: string]: string } = {
    timestamp: 'TIMESTAMP WITH TIME ZONE',
    datetime: 'TIMESTAMP',
    date: 'DATE',
    decimal5: 'DECIMAL(5,2)',
    decimal9: 'DECIMAL(9,9)',
    decimal18: 'DECIMAL(18,2)',
    decimal38: 'DECIMAL(38,10)',
    bigint: 'BIGINT',
    float32: 'FLOAT',
    utf8: 'VARCHAR',
    bytes: 'BLOB',
    bool: 'BOOLEAN',
  }
  for (const [name, type] of Object.entries(expected))
    assert.deepEqual([types.get(name), types.get(`${name}_n`)], [type, type], name)
  const times = await duck(
    `SELECT DISTINCT logical_type FROM parquet_schema('${path}') WHERE name LIKE 'timestamp%' OR name = 'steady'`,
  )
  assert.match(
    String(times),
    /^TimestampType\(isAdjustedToUTC=1, unit=TimeUnit\([^)]*MICROS=MicroSeconds/,
  )
  assert.deepEqual(await duck(`SELECT DISTINCT compression FROM parquet_metadata('${path}')`), [
    ['ZSTD'],
  ])
})

test('bytes depend on the rows, not on batches, pools or dead rows', () => {
  const before = readFileSync(path)
  for (const cut of [
    { rowsPerBatch: 17, pools: 'own', gaps: true },
    { rowsPerBatch: 4096, pools: 'plain', gaps: true },
    { rowsPerBatch: 7000, pools: 'shared', gaps: false },
  ] satisfies Cut[])
    assert.ok(before.equals(readFileSync(write('again.parquet', rows, { cut }).path)), cut.pools)
})

test('no rows at all', async () => {
  const empty = write('empty.parquet', [])
  assert.deepEqual(await duckReads(empty.path, EVERY), [])
  assert.deepEqual(await wasmReads(empty.path, EVERY), [])
  assert.deepEqual((await weRead(new ParquetFiles(empty.path, EVERY, {}))).cells, [])
  const joined = join(folder.path, 'none.parquet')
  await assemble([], joined, EVERY)
  assert.deepEqual(await duckReads(joined, EVERY), [])
})

test('fragments are joined by copying', async () => {
  const parts = [rows.slice(0, 10), [], rows.slice(10, 5000), rows.slice(5000)]
  const fragments = parts.map((part, i) => write(`part-${i}`, part))
  const joined = join(folder.path, 'joined.parquet')
  const bytes = await assemble(fragments, joined, EVERY)
  assert.equal(bytes, readFileSync(joined).length)
  same(await duckReads(joined, EVERY), cells, EVERY)
  same((await weRead(new ParquetFiles(joined, EVERY, {}))).cells, cells, EVERY)
  const one = join(folder.path, 'one.parquet')
  await assemble([fragments[3] as Fragment], one, EVERY)
  same(await duckReads(one, EVERY), cells.slice(5000), EVERY)
})

test('a dictionary that grows too large gives way in mid-chunk', async () => {
  const schema = schemaOf([
    { name: 's', kind: t.utf8.nullable },
    { name: 'n', kind: t.bigint },
  ])
  // At first values repeat, then never again.
  const many = Array.from({ length: 700_000 }, (_, i): Stored[] => {
    const key = i < 70_000 ? i % 500 : i * 7919
    return [i % 11 === 0 ? null : `key ${key}`, BigInt(key) * 1_000_003n]
  })
  const grown = write('grown.parquet', many, {
    schema,
    options: {},
    cut: { ...PLAIN_CUT, pools: 'own' },
  })
  const [group] = metaOf(grown.path).groups
  assert.deepEqual(group?.chunks[0]?.encodings, [0, 3, 8])
  const expected = cellsOf(schema, many)
  same((await weRead(new ParquetFiles(grown.path, schema, {}))).cells, expected, schema)
  const [sums] = await duck(
    `SELECT count(*)::VARCHAR, count(s)::VARCHAR, count(DISTINCT s)::VARCHAR, sum(n)::VARCHAR FROM '${grown.path}'`,
  )
  const texts = many.flatMap(r => (r[0] === null ? [] : [r[0]]))
  const sum = many.reduce((all, r) => all + (r[1] as bigint), 0n)
  assert.deepEqual(sums, ['700000', String(texts.length), String(new Set(texts).size), String(sum)])
})

test('statistics bound the values, and are left out where they could mislead', async () => {
  const got = await duck(
    `SELECT path_in_schema, min(stats_min_value), max(stats_max_value), sum(stats_null_count)::VARCHAR
     FROM parquet_metadata('${path}') GROUP BY 1`,
  )
  const of = new Map(got.map(([name, ...rest]) => [name, rest]))
  assert.deepEqual(of.get('few'), ['0', '39', '0'])
  assert.deepEqual(of.get('nan'), [null, null, '0'])
  assert.deepEqual(of.get('int32_none'), [null, null, '7000'])
  assert.deepEqual(of.get('utf8')?.slice(0, 2), ['', '🦆'])
  const long = of.get('long')?.[1] as string
  assert.ok(Buffer.byteLength(long) <= 64 && long >= '🦆x🦆x', long)
  for (const { name, kind } of EVERY.list) {
    if (kind.tag !== 'int64' && kind.tag !== 'decimal') continue
    const [count] = await duck(
      `SELECT count(*)::VARCHAR FROM '${path}' WHERE "${name}" = (SELECT max("${name}") FROM '${path}')`,
    )
    assert.notEqual(count?.[0], name.endsWith('none') ? '' : '0', name)
  }
})

test('an abort leaves no file', () => {
  const writer = parquetFragment(join(folder.path, 'gone'), EVERY)
  for (const batch of batchesOf(EVERY, rows, PLAIN_CUT)) void writer.write(batch)
  void writer.abort()
  assert.throws(() => readFileSync(join(folder.path, 'gone')), /ENOENT/)
})
