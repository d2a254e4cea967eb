/** Parquet files in object stores: the rows of the same files on disk, and no more of them fetched than is read. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { RowBuilder } from '../../../engine/compile/rows.ts'
import { schema, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import { needs } from '../../../test/services/services.ts'
import { folderOf, readAll } from '../files/testing/read-all.ts'
import { parquetFragment } from '../parquet/fragment.ts'
import { parquet } from '../parquet/index.ts'
import { ObjectRanges } from './ranges.ts'
import { readerOf } from './reader-of.ts'
import type { StoredObject } from './store.ts'
import { bucketOn } from '../../../test/services/bucket.ts'

const Row = schema({ id: t.int32, name: t.utf8.nullable, price: t.decimal(10, 2), pad: t.utf8 })
const ROWS = 30_000

/** A file of several row groups; `pad` is most of it. */
async function write(path: string, from = 0, rows = ROWS): Promise<void> {
  const writer = parquetFragment(path, Row)
  const builder = new RowBuilder(Row, 5000)
  const flush = async () => {
    await writer.write(builder.take())
    builder.trim()
  }
  let seed = 7
  for (let i = from; i < from + rows; i++) {
    let pad = ''
    for (let k = 0; k < 12; k++) {
      seed = (seed * 48271) % 2147483647
      pad += seed.toString(36)
    }
    builder.append({ id: i, name: i % 9 === 0 ? null : `n${i % 100}`, price: i / 100, pad })
    if (builder.full) await flush()
  }
  if (builder.rows > 0) await flush()
  await writer.close()
}

for (const scheme of ['gs', 's3'] as const)
  test(`Parquet on ${scheme}`, async context => {
    if (!needs(context, scheme === 'gs' ? 'gcs' : 's3')) return
    const bucket = await bucketOn(scheme)
    const local = folderOf({})
    context.after(() => local.remove())
    const path = join(local.path, 'rows.parquet')
    await write(path)
    await bucket.put('p/rows.parquet', readFileSync(path))
    const uri = `${bucket.uri}/p/rows.parquet`
    const expected = await readAll(parquet(path, Row))

    await context.test('all columns', async () => {
      const got = await readAll(parquet(uri, Row))
      assert.equal(got.rows.length, ROWS)
      assert.ok(isDeepStrictEqual(got.rows, expected.rows))
    })

    await context.test('columns that are wanted late', async () => {
      const wanted = [false, false, false, false]
      const got = await readAll(parquet(uri, Row), { wanted, rowsPerBatch: 700 })
      assert.ok(isDeepStrictEqual(got.rows, expected.rows))
    })

    await context.test('a column that was not fetched comes while the thread waits', async () => {
      const source = parquet(uri, Row)
      const { splits } = await source.plan({ splitBytes: 2 ** 30 })
      const request = { rowsPerBatch: 1000, reject() {}, advance() {} }
      const open = (wanted: boolean[]) => source.open(splits[0] as never, { ...request, wanted })
      // The first split of a thread fetches all columns, later ones those that are known.
      const first = await open([true, false, false, false])
      await first.next()
      await first.close()
      const reader = await open([true, false, false, false])
      const wanted = [true, false, false, true]
      let rows = 0
      for (let b = await reader.next(); b !== null; b = await reader.next()) {
        const wide = reader.widen(wanted)
        const pad = wide.columns[3]
        assert.equal(pad?.pool?.string(pad.values[0] as number), expected.rows[rows]?.pad)
        rows += b.selected
      }
      assert.equal(rows, ROWS)
      await reader.close()
    })

    await context.test('of narrow columns little is fetched', async () => {
      const object = (await (await readerOf(uri)).stat(uri)) as StoredObject
      const Narrow = schema({ id: t.int32 })
      const source = parquet(uri, Narrow)
      const { splits } = await source.plan({ splitBytes: 2 ** 30 })
      let bytes = 0
      const reader = await source.open(splits[0] as never, {
        rowsPerBatch: 5000,
        wanted: [true],
        reject() {},
        advance: read => {
          bytes += read
        },
      })
      while ((await reader.next()) !== null);
      await reader.close()
      assert.ok(bytes < object.bytes / 10, `${bytes} of ${object.bytes}`)
    })

    await context.test('windows of ranges that are too much to hold', async () => {
      const bytes = Buffer.alloc(40 << 20)
      for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE(i, i)
      await bucket.put('large.bin', bytes)
      const large = `${bucket.uri}/large.bin`
      const object = (await (await readerOf(large)).stat(large)) as StoredObject
      const ranges = new ObjectRanges(object)
      ranges.want([{ at: 100, bytes: bytes.length - 100 }], [])
      for (let at = 100; at < bytes.length; ) {
        await ranges.ready()
        const length = Math.min(1 << 20, bytes.length - at)
        assert.ok(ranges.read(at, length).equals(bytes.subarray(at, at + length)), `at ${at}`)
        at += length
      }
      ranges.close()
    })

    await context.test('small files are read by one task', async () => {
      const files = await Promise.all(
        Array.from({ length: 12 }, async (_, i) => {
          const small = join(local.path, `s${i}.parquet`)
          await write(small, i * 100, 100)
          await bucket.put(`small/${String(i).padStart(2, '0')}.parquet`, readFileSync(small))
          return small
        }),
      )
      const got = await readAll(parquet(`${bucket.uri}/small`, Row))
      assert.equal(got.splits, 1)
      assert.deepEqual(
        got.rows.map(r => r.id),
        Array.from({ length: files.length * 100 }, (_, i) => i),
      )
    })

    await context.test('damage is said as for local files', async () => {
      const whole = readFileSync(path)
      await bucket.put('bad/cut.parquet', whole.subarray(0, whole.length - 100))
      await bucket.put('bad/tiny.parquet', 'PAR1')
      for (const name of ['cut', 'tiny'])
        await assert.rejects(
          readAll(parquet(`${bucket.uri}/bad/${name}.parquet`, Row)),
          (fault: Fault) => fault.kind === 'data' && /not a Parquet file/.test(fault.message),
        )
    })
  })
