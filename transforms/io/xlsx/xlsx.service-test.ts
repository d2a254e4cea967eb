/** Workbooks in object stores give the rows and rejects that they give on disk. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { bucketOn } from '../../../test/services/bucket.ts'
import { needs } from '../../../test/services/services.ts'
import { folderOf, readAll } from '../files/testing/read-all.ts'
import { rowsOf, workbook } from './testing/workbook.ts'
import { xlsx } from './xlsx.ts'

const Row = schema({ id: t.int32, name: t.utf8.nullable })
/** `mixed`: bytes of each row that do not compress, in a column that the schema lacks. */
const book = (from: number, mixed = 0) =>
  workbook([
    {
      name: 'S',
      rows: rowsOf([
        ['id', 'name', 'mixed'],
        ...Array.from({ length: 5000 }, (_, i) => [
          ...[i % 99 === 7 ? 'no' : from + i, `n${i}`],
          mixed > 0 ? randomBytes(mixed).toString('hex') : null,
        ]),
      ]),
    },
  ])

for (const scheme of ['gs', 's3'] as const)
  test(`workbooks on ${scheme}`, async context => {
    if (!needs(context, scheme === 'gs' ? 'gcs' : 's3')) return
    const bucket = await bucketOn(scheme)
    const files = { 'a b#1.xlsx': book(0), 'b.xlsx': book(10_000) }
    const local = folderOf({ ...files, 'c.xlsx': 'id,name\n' })
    context.after(() => local.remove())
    for (const [name, bytes] of Object.entries(files)) await bucket.put(`x/${name}`, bytes)
    await bucket.put('x/c.xlsx', Buffer.from('id,name\n'))

    const from = async (uri: string) => {
      const { rows, rejects } = await readAll(xlsx(uri, Row, { onFile: 'quarantine' }))
      return { rows, rejects: rejects.map(r => ({ ...r, uri: r.uri?.split('/').pop() })) }
    }
    const expected = await from(`${local.path}/*.xlsx`)
    assert.equal(expected.rows.length + expected.rejects.length, 10_000)
    assert.deepEqual(await from(`${bucket.uri}/x/*.xlsx`), expected)

    // Of a smaller one the bytes that were planned are kept, and read.
    await bucket.put('x/b.xlsx', book(10_000, 200))
    const source = xlsx(`${bucket.uri}/x/b.xlsx`, Row)
    const { splits } = await source.plan({ splitBytes: 1e6 })
    await bucket.put('x/b.xlsx', book(20_000, 200))
    const request = {
      wanted: [true, true],
      rowsPerBatch: 100,
      reject: () => {},
      advance: () => {},
    }
    await assert.rejects(
      (async () => (await source.open(splits[0] as never, request)).next())(),
      e => e instanceof Fault && e.kind === 'data' && /b\.xlsx/.test(e.message),
    )
  })
