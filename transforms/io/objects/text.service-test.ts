/** Text files in object stores give the rows, rejects and lines that the same files give on disk. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { schema, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import { needs } from '../../../test/services/services.ts'
import { csv } from '../csv/csv.ts'
import { folderOf, readAll } from '../files/testing/read-all.ts'
import { ndjson } from '../ndjson/ndjson.ts'
import { bucketOn } from '../../../test/services/bucket.ts'

const Row = schema({ id: t.int32, name: t.utf8.nullable })
const HEADER = 'id,name\n'

/** `count` rows; one in 50 has a line break within quotes, one in 70 is no row. */
function lines(count: number, from = 0): string {
  let text = ''
  for (let i = from; i < from + count; i++)
    text +=
      i % 70 === 69
        ? `x${i},bad\n`
        : i % 50 === 49
          ? `${i},"two\nlines, ""${i}"""\n`
          : `${i},n${i}\n`
  return text
}

/** What is read, without the place it was read from. */
async function same(local: string, remote: string, o: { splitBytes?: number } = {}) {
  const from = async (uri: string) => {
    const read = await readAll(csv(uri, Row), o)
    const rejects = read.rejects.map(r => ({ ...r, uri: r.uri?.split('/').pop() }))
    return { rows: read.rows, offsets: read.offsets, rejects }
  }
  const [expected, got] = [await from(local), await from(remote)]
  for (const part of ['rows', 'offsets', 'rejects'] as const) {
    assert.equal(got[part].length, expected[part].length, part)
    // The first that differs: a comparison of all would be shown as a whole.
    got[part].forEach((value, i) => assert.deepEqual(value, expected[part][i], `${part} ${i}`))
  }
  return got
}

for (const scheme of ['gs', 's3'] as const)
  test(`text on ${scheme}`, async context => {
    if (!needs(context, scheme === 'gs' ? 'gcs' : 's3')) return
    const bucket = await bucketOn(scheme)
    const text = HEADER + lines(60_000)
    const files = {
      'plain.csv': text,
      'zipped.csv.gz': gzipSync(text),
      'packed.csv.zst': zstdCompressSync(text),
      'wrong-name.csv': gzipSync(text),
    }
    const local = folderOf(files)
    context.after(() => local.remove())
    for (const [name, bytes] of Object.entries(files)) await bucket.put(`d/${name}`, bytes)

    for (const name of Object.keys(files))
      await context.test(`${name} reads as on disk`, async () => {
        const { rows, rejects } = await same(`${local.path}/${name}`, `${bucket.uri}/d/${name}`)
        assert.equal(rows.length + rejects.length, 60_000)
        assert.ok(rejects.length > 800)
      })

    await context.test('an object is split by ranges', async () => {
      const source = csv(`${bucket.uri}/d/plain.csv`, Row)
      const { splits } = await source.plan({ splitBytes: 50_000 })
      assert.ok(splits.length > 10)
      const splitBytes = 50_000
      await same(`${local.path}/plain.csv`, `${bucket.uri}/d/plain.csv`, { splitBytes })
    })

    await context.test('a folder of all of them', async () => {
      await same(local.path, `${bucket.uri}/d`)
      await same(`${local.path}/*.csv*`, `${bucket.uri}/d/*.csv*`)
    })

    await context.test('stored with Content-Encoding: gzip', async () => {
      await bucket.put('encoded.csv', gzipSync(text), { encoding: 'gzip' })
      const { rows } = await readAll(csv(`${bucket.uri}/encoded.csv`, Row))
      assert.equal(rows.length, (await readAll(csv(`${local.path}/plain.csv`, Row))).rows.length)
    })

    await context.test('names are taken as they are', async () => {
      const names = [
        'a b.csv',
        'é ü 日本.csv',
        'what?.csv',
        'half#.csv',
        '100%.csv',
        'a%20b.csv',
        '{x}.csv',
      ]
      for (const [i, name] of names.entries()) {
        await bucket.put(`names/${name}`, `${HEADER}${i},${name}\n`)
        const { rows } = await readAll(csv(`${bucket.uri}/names/${name}`, Row))
        assert.deepEqual(rows, [{ id: i, name }])
      }
      const all = await readAll(csv(`${bucket.uri}/names`, Row))
      assert.deepEqual(all.rows.map(r => r.name).sort(), [...names].sort())
    })

    await context.test('hidden names, folders and Hive folders', async () => {
      const Dated = schema({ id: t.int32, name: t.utf8.nullable, day: t.date })
      for (const name of ['_SUCCESS', '.x.csv', 'deeper/y.csv', '_tmp/z.csv'])
        await bucket.put(`hive/${name}`, 'not a row\n')
      for (const day of ['2024-01-01', '2024-01-02'])
        for (const part of ['a', 'b'])
          await bucket.put(`hive/day=${day}/${part}.csv`, `${HEADER}1,${part}\n`)
      const { rows, splits } = await readAll(csv(`${bucket.uri}/hive`, Dated))
      assert.deepEqual(
        rows.map(r => `${new Date(r.day as number).toISOString().slice(0, 10)}${r.name}`),
        ['2024-01-01a', '2024-01-01b', '2024-01-02a', '2024-01-02b'],
      )
      assert.equal(splits, 1, 'small objects are one task')
    })

    await context.test(
      'small objects: rejects and lines are those of their own object',
      async () => {
        const small: Record<string, string> = {}
        for (let i = 0; i < 40; i++)
          small[`s${String(i).padStart(2, '0')}.csv`] = HEADER + lines(75, i * 75)
        const folder = folderOf(small)
        context.after(() => folder.remove())
        await Promise.all(Object.entries(small).map(([n, text]) => bucket.put(`small/${n}`, text)))
        const { rejects } = await same(folder.path, `${bucket.uri}/small`)
        assert.ok(rejects.length > 30)
        const { splits } = await csv(`${bucket.uri}/small`, Row).plan({ splitBytes: 10_000 })
        assert.ok(splits.length < 20, `${splits.length} splits of 40 objects`)
      },
    )

    await context.test('JSON lines, and a JSON array', async () => {
      const objects = Array.from({ length: 30_000 }, (_, id) => ({ id, name: `n${id}` }))
      await bucket.put('j/lines.ndjson', objects.map(o => JSON.stringify(o)).join('\n'))
      await bucket.put(
        'j/lines.ndjson.gz',
        gzipSync(objects.map(o => JSON.stringify(o)).join('\n')),
      )
      await bucket.put('j/array.json', JSON.stringify(objects))
      for (const name of ['lines.ndjson', 'lines.ndjson.gz', 'array.json']) {
        const read = await readAll(ndjson(`${bucket.uri}/j/${name}`, Row), { splitBytes: 100_000 })
        assert.ok(isDeepStrictEqual(read.rows, objects), name)
      }
    })

    await context.test('damage and emptiness are said as for local files', async () => {
      const packed = gzipSync(text)
      await bucket.put('bad/short.csv.gz', packed.subarray(0, packed.length - 5))
      await bucket.put('bad/longer.csv.gz', Buffer.concat([packed, Buffer.from('abc')]))
      const fails = (name: string, like: RegExp) =>
        assert.rejects(
          readAll(csv(`${bucket.uri}/${name}`, Row)),
          (fault: Fault) => fault.kind === 'data' && like.test(fault.message),
        )
      await fails('bad/short.csv.gz', /cut short/)
      await fails('bad/longer.csv.gz', /bytes after its gzip stream/)
      await fails('none/*.csv', /no object matches/)
      await fails('d/plane.csv', /no object matches/)
      await bucket.put('empty/none.csv', '')
      assert.deepEqual((await readAll(csv(`${bucket.uri}/empty`, Row))).rows, [])
    })
  })
