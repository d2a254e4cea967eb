/** Values that are far larger than those before them: row groups and batches are bounded by bytes, not by rows alone. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { RowBuilder, rowReader } from '../../../engine/compile/rows.ts'
import type { Batch } from '../../../engine/data/batch.ts'
import { schema, t } from '../../../engine/data/schema.ts'
import type { ReadRequest } from '../../../engine/io/source.ts'
import { folderOf } from '../files/testing/read-all.ts'
import { ParquetFile, readFooter } from './footer-read.ts'
import { parquetFragment } from './fragment.ts'
import { ParquetFiles } from './source.ts'

const folder = folderOf({})
after(() => folder.remove())
const path = join(folder.path, 'large.parquet')

const Row = schema({
  id: t.int32,
  parts: t.list(t.utf8),
  text: t.utf8.nullable,
  doc: t.struct(schema({ body: t.utf8, n: t.list(t.int32) })).nullable,
})
const SMALL = 2000
const LARGE = 120
const BYTES = 100_000
const GROUP_BYTES = 1_000_000

/** Texts that no dictionary makes smaller. */
const long = (id: number, bytes: number) =>
  String(id)
    .padEnd(10, 'x')
    .repeat(bytes / 10)
function rowOf(id: number) {
  if (id < SMALL) return { id, parts: ['a'], text: 'b', doc: null }
  // Each column is the long one in its turn.
  const large = (turn: number): number => (id % 3 === turn ? BYTES : 10)
  return {
    id,
    parts: [long(id, large(0) / 2), long(id + 1, large(0) / 2)],
    text: id % 7 === 0 ? null : long(id, large(1)),
    doc: id % 11 === 0 ? null : { body: long(id, large(2)), n: [id] },
  }
}
const ROWS = Array.from({ length: SMALL + LARGE }, (_, i) => rowOf(i))

/** Writes the rows in batches of so many. */
function write(rowsPerBatch: number): void {
  const writer = parquetFragment(path, Row, { bytesPerRowGroup: GROUP_BYTES, rowsPerPage: 4 })
  for (let at = 0; at < ROWS.length; at += rowsPerBatch) {
    const builder = new RowBuilder(Row, rowsPerBatch)
    for (const row of ROWS.slice(at, at + rowsPerBatch)) builder.append(row)
    writer.write(builder.take())
  }
  writer.close()
}

test('a row group ends where it is large, however small its first rows were', () => {
  write(10)
  const file = new ParquetFile(path)
  const { groups } = readFooter(file)
  file.close()
  const sizes = groups.map(g => g.chunks.reduce((sum, chunk) => sum + chunk.rawBytes, 0))
  // Of dictionaries it is known only where they end what they take.
  const most = 3 * GROUP_BYTES + 2 * BYTES
  assert.ok(
    sizes.every(size => size <= most),
    String(sizes),
  )
  assert.ok(groups.length >= 5, String(sizes))
})

test('where it ends does not depend on how rows were cut into batches', () => {
  write(10)
  const bytes = readFileSync(path)
  for (const rowsPerBatch of [7, 333, ROWS.length]) {
    write(rowsPerBatch)
    assert.ok(readFileSync(path).equals(bytes), String(rowsPerBatch))
  }
})

const REQUEST: Omit<ReadRequest, 'wanted'> = {
  rowsPerBatch: 1000,
  reject: ({ reason }) => assert.fail(reason),
  advance: () => {},
}

async function* batches(request: ReadRequest): AsyncGenerator<[Batch, () => Batch]> {
  const source = new ParquetFiles(path, Row, {})
  const { splits } = await source.plan({ splitBytes: 2 ** 30 })
  for (const split of splits) {
    const reader = source.open(split, request)
    for (let batch = reader.next(); batch !== null; batch = reader.next())
      yield [batch, () => reader.widen([true, true, true, true])]
    reader.close()
  }
}

/** Of nested values: a text's pool is that of its page, or of its chunk's dictionary. */
const bytesOf = ({ columns }: Batch): number =>
  columns.reduce((sum, c) => sum + (c?.kind.tag === 'utf8' ? 0 : (c?.pool?.size ?? 0)), 0)

/** The file in one row group, as others write it. */
function writeWhole(): void {
  const writer = parquetFragment(path, Row)
  const builder = new RowBuilder(Row, ROWS.length)
  for (const row of ROWS) builder.append(row)
  writer.write(builder.take())
  writer.close()
}

test('a batch takes as many rows as its memory has room for, and all rows come', async () => {
  writeWhole()
  // An eighth of it, of which each of three columns has a third, and its last value.
  const memoryBytes = 8 * 600_000
  const found: unknown[] = []
  const sizes: number[] = []
  for await (const [batch] of batches({
    ...REQUEST,
    wanted: [true, true, true, true],
    memoryBytes,
  })) {
    sizes.push(batch.rows)
    const most = 400_000 + 2 * BYTES
    assert.ok(bytesOf(batch) <= most, `${batch.rows} rows: ${bytesOf(batch)}`)
    const row = rowReader(Row)(batch)
    for (let i = 0; i < batch.rows; i++) found.push(row(i))
  }
  assert.deepEqual(found, ROWS)
  assert.ok(sizes.length >= 10, String(sizes))
  assert.equal(sizes[0], 1000)
})

test('columns that are asked for late are long too', async () => {
  writeWhole()
  const memoryBytes = 8 * 600_000
  const found: unknown[] = []
  let late = true
  for await (const [batch, widen] of batches({
    ...REQUEST,
    wanted: [true, false, false, false],
    memoryBytes,
  })) {
    // Rows take 4 KB on average, of which there is room for 600.
    if (late) assert.ok(batch.rows < 200, String(batch.rows))
    const all = late ? widen() : batch
    late = false
    const row = rowReader(Row)(all)
    for (let i = 0; i < all.rows; i++) found.push(row(i))
  }
  assert.deepEqual(found, ROWS)
})
