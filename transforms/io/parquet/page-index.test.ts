/** The page index: as another reader finds it, after files are joined, and where it is damaged. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parquetMetadata, readColumnIndex, readOffsetIndex } from 'hyparquet'
import { dense } from '../../../engine/data/batch.ts'
import { newColumn } from '../../../engine/data/column.ts'
import { Pool } from '../../../engine/data/pool.ts'
import { type AnySchema, schema, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { Fragment } from '../../../engine/io/sink.ts'
import { folderOf } from '../files/testing/read-all.ts'
import { assemble } from './assemble.ts'
import { parquetFragment } from './fragment.ts'
import { ParquetFiles } from './source.ts'

const folder = folderOf({})
after(() => folder.remove())

const Row = schema({ id: t.int32, text: t.utf8.nullable, real: t.float64 })
const ROWS = 2000

/** Rows from `first` on; text is null in the second thousand, `real` NaN in row 1500. */
async function fragment(name: string, first: number): Promise<Fragment> {
  const writer = parquetFragment(join(folder.path, name), Row as AnySchema, {
    rowsPerPage: 500,
    rowsPerRowGroup: ROWS,
  })
  const columns = Row.list.map(({ kind }) => newColumn(kind, ROWS, new Pool(true)))
  const [id, text, real] = columns as [
    (typeof columns)[0],
    (typeof columns)[0],
    (typeof columns)[0],
  ]
  for (let i = 0; i < ROWS; i++) {
    id.values[i] = first + i
    real.values[i] = i === 1500 ? Number.NaN : i
    if (i >= 1000) continue
    text.values[i] = (text.pool as Pool).internString(`text ${String(i).padStart(4, '0')}`)
    ;(text.valid as Uint8Array)[i] = 1
  }
  void writer.write(dense(Row as AnySchema, columns, ROWS))
  return writer.close()
}

const bytesOf = (path: string): ArrayBuffer => {
  const bytes = readFileSync(path)
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
}

test('another reader finds each page where the index says, in joined files too', async () => {
  const path = join(folder.path, 'joined.parquet')
  const fragments = [await fragment('a', 0), await fragment('b', 10_000)]
  await assemble(fragments, path, Row as AnySchema)
  const file = bytesOf(path)
  const { row_groups: groups } = parquetMetadata(file)
  assert.equal(groups.length, 2)
  groups.forEach((group, g) => {
    group.columns.forEach((chunk, c) => {
      const { offset_index_offset: at, offset_index_length: length, meta_data: meta } = chunk
      assert.ok(meta && at)
      const index = readOffsetIndex({ view: new DataView(file, Number(at), length), offset: 0 })
      const locations = index.page_locations
      assert.deepEqual(
        locations.map(l => Number(l.first_row_index)),
        [0, 500, 1000, 1500],
      )
      assert.equal(locations[0]?.offset, meta.data_page_offset)
      // A page ends where the next begins, the last where the chunk does.
      const ends = locations.map(l => Number(l.offset) + l.compressed_page_size)
      const start = Number(meta.dictionary_page_offset ?? meta.data_page_offset)
      const last = start + Number(meta.total_compressed_size)
      assert.deepEqual(ends, [...locations.slice(1).map(l => Number(l.offset)), last])
      const { column_index_offset: columnAt, column_index_length: columnLength } = chunk
      if (c === 2) assert.equal(columnAt, undefined, 'a NaN leaves no bounds')
      if (c === 2 || columnAt === undefined) return
      const view = new DataView(file, Number(columnAt), columnLength)
      const element = { name: 'x', type: c === 0 ? ('INT32' as const) : ('BYTE_ARRAY' as const) }
      const bounds = readColumnIndex({ view, offset: 0 }, element)
      assert.deepEqual(
        bounds.null_pages,
        c === 0 ? [false, false, false, false] : [false, false, true, true],
      )
      assert.deepEqual(bounds.null_counts?.map(Number), c === 0 ? [0, 0, 0, 0] : [0, 0, 500, 500])
      if (c !== 0) return
      const from = g * 10_000
      assert.deepEqual(bounds.min_values, [from, from + 500, from + 1000, from + 1500])
      assert.deepEqual(bounds.max_values, [from + 499, from + 999, from + 1499, from + 1999])
    })
  })
})

/** Rows that are read where only ids from 700 to 799 are wanted. */
async function read(path: string): Promise<number> {
  const source = new ParquetFiles(path, Row, {})
  let rows = 0
  for (const split of (await source.plan({ splitBytes: 1e12 })).splits) {
    const reader = source.open(split, {
      wanted: [true, true, true],
      rowsPerBatch: 64,
      reject: () => assert.fail('rejected'),
      advance: () => {},
      leaveOut: {
        conditions: [
          [
            { column: 'id', op: 'gte', value: 700 },
            { column: 'id', op: 'lt', value: 800 },
          ],
        ],
        skipped: () => {},
      },
    })
    for (let b = reader.next(); b !== null; b = reader.next()) rows += b.selected
    reader.close()
  }
  return rows
}

test('a damaged index: a data fault, or bounds that are taken at their word', async () => {
  const { path } = await fragment('whole', 0)
  assert.equal(await read(path), 500)
  const whole = readFileSync(path)
  const [chunk] = parquetMetadata(bytesOf(path)).row_groups[0]?.columns ?? []
  const places = [
    [Number(chunk?.offset_index_offset), Number(chunk?.offset_index_length)],
    [Number(chunk?.column_index_offset), Number(chunk?.column_index_length)],
  ] as const
  const damagedPath = join(folder.path, 'damaged.parquet')
  let faults = 0
  for (const [at, length] of places)
    for (let i = at; i < at + length; i++)
      for (const flip of [1, 0x40, 0xff]) {
        const bytes = Buffer.from(whole)
        bytes[i] = (bytes[i] as number) ^ flip
        writeFileSync(damagedPath, bytes)
        try {
          assert.ok((await read(damagedPath)) <= ROWS)
        } catch (error) {
          assert.ok(error instanceof Fault && error.kind === 'data', String(error))
          assert.match(error.message, /damaged\.parquet/)
          faults++
        }
      }
  assert.ok(faults > 50, `${faults} faults`)
})
