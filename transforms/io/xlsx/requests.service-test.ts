/** How often an object store is asked for a workbook: by its sheets, not by the steps of a zip file's reader. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import { bucketOn } from '../../../test/services/bucket.ts'
import { faultProxy } from '../../../test/services/fault-proxy/proxy.ts'
import { needs } from '../../../test/services/services.ts'
import { folderOf, readAll } from '../files/testing/read-all.ts'
import { rowsOf, workbook } from './testing/workbook.ts'
import { xlsx } from './xlsx.ts'

const Row = schema({ id: t.int32, pad: t.utf8 })
const SHEETS = 12

/** Of `rows` rows a sheet, each of a hundred bytes that do not compress. */
const book = (rows: number) =>
  workbook(
    Array.from({ length: SHEETS }, (_, s) => ({
      name: `S${s}`,
      rows: rowsOf([
        ['id', 'pad'],
        ...Array.from({ length: rows }, (_, i) => [s * rows + i, randomBytes(100).toString('hex')]),
      ]),
    })),
  )

for (const [size, rows] of [
  ['small', 10],
  ['large', 2000],
] as const)
  test(`a ${size} workbook of ${SHEETS} sheets`, async context => {
    if (!needs(context, 'gcs')) return
    const bucket = await bucketOn('gs')
    const proxy = await faultProxy(bucket.service, { seed: 0, rate: 0 })
    context.after(() => proxy.stop())
    Object.assign(process.env, proxy.env)
    const bytes = book(rows)
    const local = folderOf({ 'a.xlsx': bytes })
    context.after(() => local.remove())
    await bucket.put('a.xlsx', bytes)

    const from = async (uri: string) => (await readAll(xlsx(uri, Row, { sheet: '*' }))).rows
    const before = proxy.schedule.requests
    const got = await from(`${bucket.uri}/a.xlsx`)
    const requests = proxy.schedule.requests - before
    assert.equal(got.length, SHEETS * rows)
    assert.deepEqual(got, await from(`${local.path}/a.xlsx`))
    // Looked up and fetched; of a large one for each sheet, twice (planned, read): head, list of parts,
    // what lies near its small parts, the sheet.
    const most = size === 'small' ? 4 : 2 + 2 * SHEETS * 5
    assert.ok(requests <= most, `${requests} requests for ${bytes.length} bytes`)
    context.diagnostic(`${requests} requests, ${bytes.length} bytes`)
  })
