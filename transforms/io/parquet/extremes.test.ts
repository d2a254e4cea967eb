/** Inputs at the edges of the format, and files that are not what they were. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Batch, dense } from '../../../engine/data/batch.ts'
import { newColumn } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { type AnySchema, schemaOf, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { folderOf } from '../files/testing/read-all.ts'
import { type FileMeta, ParquetFile, readFooter } from './footer-read.ts'
import { parquetFragment, type ParquetOptions } from './fragment.ts'
import { ParquetFiles } from './source.ts'
import { batchesOf, cellsOf, type Stored } from './testing/every-kind.ts'
import { duck, duckReads, same, wasmReads, weRead } from './testing/peers.ts'

const folder = folderOf({})
after(() => folder.remove())
const CUT = { rowsPerBatch: 1000, pools: 'shared', gaps: false } as const

function write(
  name: string,
  schema: AnySchema,
  batches: Iterable<Batch>,
  options: ParquetOptions = {},
): string {
  const path = join(folder.path, `${name}.parquet`)
  const writer = parquetFragment(path, schema, options)
  for (const batch of batches) assert.equal(writer.write(batch), batch.selected)
  void writer.close()
  return path
}

function metaOf(path: string): FileMeta {
  const file = new ParquetFile(path)
  try {
    return readFooter(file)
  } finally {
    file.close()
  }
}

const one = (name: string, kind: Kind): AnySchema => schemaOf([{ name, kind }])

/** Writes one column; it must read back by us, DuckDB and Rust arrow. */
async function column(kind: Kind, values: Stored[], options: ParquetOptions = {}): Promise<string> {
  const s = one('x', kind)
  const rows = values.map(v => [v])
  const path = write('column', s, batchesOf(s, rows, CUT), options)
  const cells = cellsOf(s, rows)
  same((await weRead(new ParquetFiles(path, s, {}))).cells, cells, s)
  same(await duckReads(path, s), cells, s)
  same(await wasmReads(path, s), cells, s)
  return path
}

test('row groups and pages that end exactly, and one row before and after', async () => {
  for (const count of [1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 129, 256, 257]) {
    const values = Array.from({ length: count }, (_, i) => (i % 5 === 0 ? null : i * i))
    const path = await column(t.int64.nullable, values, { rowsPerRowGroup: 64, rowsPerPage: 16 })
    const groups = metaOf(path).groups.map(g => g.rows)
    assert.deepEqual(
      groups,
      Array.from({ length: Math.ceil(count / 64) }, (_, g) => Math.min(64, count - 64 * g)),
    )
  }
})

test('decimals at both ends of each precision', async () => {
  for (const [precision, scale] of [
    [1, 0],
    [9, 2],
    [10, 10],
    [15, 0],
    [16, 3],
    [18, 18],
    [19, 4],
    [37, 0],
    [38, 38],
  ] as const) {
    const most = 10n ** BigInt(precision) - 1n
    await column(t.decimal(precision, scale).nullable, [most, -most, 0n, null, 1n, -1n])
  }
})

test('zeros of both signs are within the bounds, NaN leaves none', async () => {
  const bounds = (path: string) => metaOf(path).groups[0]?.chunks[0]?.statistics
  for (const values of [[-0], [0], [0, -0, 0]]) {
    const path = await column(t.float64, values)
    const { min, max } = bounds(path) ?? {}
    assert.ok(Object.is(Buffer.from(min as Uint8Array).readDoubleLE(), -0))
    assert.ok(Object.is(Buffer.from(max as Uint8Array).readDoubleLE(), 0))
    assert.deepEqual(await duck(`SELECT count(*)::INTEGER FROM '${path}' WHERE x = 0`), [
      [values.length],
    ])
  }
  for (const values of [[Number.NaN], [1, Number.NaN, 2], [Number.NaN, null]])
    assert.equal(bounds(await column(t.float64.nullable, values))?.min, null)
  const infinite = bounds(await column(t.float32, [Infinity, -Infinity]))
  assert.equal(Buffer.from(infinite?.max as Uint8Array).readFloatLE(), Infinity)
})

test('nulls only, then values, then nulls only: each row group says what it has', async () => {
  const none = Array.from({ length: 64 }, () => null)
  const some = Array.from({ length: 64 }, (_, i) => `v${i % 3}`)
  const path = await column(t.utf8.nullable, [...none, ...some, ...none], { rowsPerRowGroup: 64 })
  const found = metaOf(path).groups.map(g => g.chunks[0]?.statistics)
  assert.deepEqual(
    found.map(s => [s?.nullCount, s?.min && Buffer.from(s.min).toString()]),
    [
      [64, null],
      [0, 'v0'],
      [64, null],
    ],
  )
})

test('texts of 20 MB, and short ones beside them', async () => {
  const long = (c: string) => c.repeat(20 << 20)
  await column(t.utf8, ['', long('a'), 'b', long('é').slice(0, 10 << 20), long('a'), ''])
})

test('a long text that repeats beside many short ones stays in the dictionary', async () => {
  const long = 'long '.repeat(80_000)
  const values = Array.from({ length: 4000 }, (_, i) => (i % 4 === 0 ? long : `short ${i % 500}`))
  const s = one('x', t.utf8)
  const path = join(folder.path, 'repeats.parquet')
  const writer = parquetFragment(path, s, { rowsPerPage: 4000 })
  const rows = values.map(v => [v])
  for (const batch of batchesOf(s, rows, CUT)) void writer.write(batch)
  // The page as plain text would be 400 MB.
  assert.ok(writer.heldBytes < 16e6, String(writer.heldBytes))
  void writer.close()
  const found = await duck(
    `SELECT count(*)::INTEGER, count(DISTINCT x)::INTEGER, sum(length(x))::VARCHAR FROM '${path}'`,
  )
  const length = values.reduce((sum, v) => sum + v.length, 0)
  assert.deepEqual(found, [[4000, new Set(values).size, String(length)]])
  assert.ok(readFileSync(path).length < 100_000)
})

test('row groups are about as large as asked, also where rows are very large', () => {
  const s = schemaOf([
    { name: 'id', kind: t.int32 },
    { name: 'x', kind: t.utf8 },
  ])
  for (const [rowBytes, count] of [
    [1 << 20, 64],
    [20_000, 3000],
    [100, 200_000],
  ] as const) {
    function* batches(): Generator<Batch> {
      for (let from = 0; from < count; from += 500) {
        const rows = Math.min(500, count - from)
        const columns = s.list.map(({ kind }) => newColumn(kind, rows))
        for (let i = 0; i < rows; i++) {
          const [id, x] = columns
          if (id) id.values[i] = from + i
          const text = `${from + i} `.padEnd(rowBytes, String.fromCharCode(97 + (i % 26)))
          if (x) x.values[i] = x.pool?.internString(text) ?? 0
        }
        yield dense(s, columns, rows)
      }
    }
    const path = write('sizes', s, batches(), { bytesPerRowGroup: 8e6 })
    const sizes = metaOf(path).groups.map(g => g.chunks.reduce((sum, c) => sum + c.rawBytes, 0))
    assert.ok(sizes.length > 1)
    for (const size of sizes.slice(0, -1))
      assert.ok(size > 6e6 && size < 24e6, `${rowBytes}: ${sizes}`)
  }
})

test('10,000 columns are written within bounds and read back', async () => {
  const kinds = [t.int32, t.utf8.nullable, t.float64, t.decimal(10, 2), t.timestamp]
  const s = schemaOf(
    Array.from({ length: 10_000 }, (_, i) => ({ name: `c${i}`, kind: kinds[i % 5] as Kind })),
  )
  const rows = Array.from({ length: 40 }, (_, r) =>
    s.list.map((_, i): Stored => {
      if (i % 5 === 1) return r % 4 === 0 ? null : `${i} ${r % 3}`
      return i % 5 === 3 ? BigInt(i + r) : i + r
    }),
  )
  const path = join(folder.path, 'wide.parquet')
  const writer = parquetFragment(path, s)
  for (const batch of batchesOf(s, rows, CUT)) void writer.write(batch)
  assert.ok(writer.heldBytes < 64e6, String(writer.heldBytes))
  void writer.close()
  const cells = cellsOf(s, rows)
  same((await weRead(new ParquetFiles(path, s, {}))).cells, cells, s)
  same(await wasmReads(path, s), cells, s)
})

const Small = schemaOf([
  { name: 'id', kind: t.int32 },
  { name: 'text', kind: t.utf8.nullable },
  { name: 'price', kind: t.decimal(20, 4) },
  { name: 'flag', kind: t.bool },
])
const smallRows = Array.from({ length: 200 }, (_, i): Stored[] => [
  i,
  i % 7 === 0 ? null : `t${i % 50}`,
  BigInt(i * 12345),
  i % 2,
])
const small = () => write('small', Small, batchesOf(Small, smallRows, CUT), { rowsPerPage: 64 })

/** The fault that reading ends in; null where it does not. */
async function faultOf(path: string): Promise<Fault | null> {
  try {
    await weRead(new ParquetFiles(path, Small, {}))
    return null
  } catch (error) {
    assert.ok(error instanceof Fault, String((error as Error).stack))
    assert.equal(error.kind, 'data', error.message)
    return error
  }
}

test('a file cut short anywhere is refused', async () => {
  const good = readFileSync(small())
  const path = join(folder.path, 'cut.parquet')
  for (let length = 0; length < good.length; length++) {
    writeFileSync(path, good.subarray(0, length))
    const fault = await faultOf(path)
    assert.match(fault?.message ?? 'was read', /cut\.parquet/, `${length} bytes`)
  }
})

test('a flipped bit is found in every page, and ends in no crash elsewhere', async () => {
  const source = small()
  const good = readFileSync(source)
  const cells = cellsOf(Small, smallRows)
  const path = join(folder.path, 'flipped.parquet')
  const pages = metaOf(source).groups.flatMap(g =>
    g.chunks.map(c => [c.dictionaryOffset ?? c.dataOffset, c.bytes] as const),
  )
  const inPage = (at: number) => pages.some(([start, bytes]) => at >= start && at < start + bytes)
  let found = 0
  let harmless = 0
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good)
    bad[at] = (bad[at] as number) ^ (1 << (at % 8))
    writeFileSync(path, bad)
    if ((await faultOf(path)) !== null) found++
    else if (inPage(at)) {
      // Of a page's header: what is not needed to read it.
      same((await weRead(new ParquetFiles(path, Small, {}))).cells, cells, Small)
      harmless++
    }
  }
  assert.ok(found > good.length / 2, `${found} of ${good.length}`)
  assert.ok(harmless < found / 10, `${harmless}`)
})
