/** What the encoder writes, others read; and its bytes depend on the rows alone. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { type AnySchema, schemaOf, t } from '../../../engine/data/schema.ts'
import type { Fragment } from '../../../engine/io/sink.ts'
import { folderOf } from '../files/testing/read-all.ts'
import { assemble } from './assemble.ts'
import { parquetFragment, type ParquetOptions } from './fragment.ts'
import { ParquetFiles } from './source.ts'
import { batchesOf, cellsOf, type Cut, EVERY, rowsOf, type Stored } from './testing/every-kind.ts'
import {
  duck,
  duckReads,
  hasPyarrow,
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

test('pyarrow reads every kind', { skip: !hasPyarrow && 'python3 has no pyarrow' }, async () => {
  same(await pyarrowReads(path, EVERY), cells, EVERY)
})

test('hyparquet reads numbers, text and times', async () => {
  const bytes = readFileSync(path)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  const objects = (await parquetReadObjects({ file, compressors, utf8: false })) as Record<
    string,
    unknown
  >[]
  assert.equal(objects.length, rows.length)
  EVERY.list.forEach(({ name, kind }, j) => {
    if (['decimal', 'date', 'bytes'].includes(kind.tag)) return
    objects.forEach((o, i) => {
      const got = o[name]
      const want = rows[i]?.[j]
      if (got instanceof Date) assert.equal(got.getTime(), Math.trunc(Number(want) / 1000), name)
      else if (kind.tag === 'bool')
        assert.equal(got ?? null, want === null ? null : want === 1, name)
      else
        assert.equal(
          got === null || got === undefined ? null : String(got),
          want === null ? null : String(want),
          name,
        )
    })
  })
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
  const [detail] = (grown.detail as { groups: { chunks: { encodings: number[] }[] }[] }).groups
  assert.deepEqual(detail?.chunks[0]?.encodings, [0, 3, 8])
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
