/** Objects that change, go or are not there, on real servers; manifests; what is new since the last run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { schema, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import type { Split, SplitReader } from '../../../engine/io/source.ts'
import { bucketOn } from '../../../test/services/bucket.ts'
import { needs } from '../../../test/services/services.ts'
import { csv } from '../csv/csv.ts'
import { readAll } from '../files/testing/read-all.ts'
import { checkObjects } from './check.ts'
import { listObjects } from './list.ts'
import { readerOf } from './reader-of.ts'
import { closeS3Client } from './s3-client.ts'

const Row = schema({ id: t.int32, name: t.utf8 })
const rows = (count: number, name: string): string =>
  `id,name\n${Array.from({ length: count }, (_, i) => `${i},${name}${i}`).join('\n')}\n`
const request = { wanted: [true, true], rowsPerBatch: 1000, reject() {}, advance() {} }

async function drain(reader: SplitReader): Promise<number> {
  let count = 0
  try {
    for (let b = await reader.next(); b !== null; b = await reader.next()) count += b.selected
    return count
  } finally {
    await reader.close()
  }
}

for (const scheme of ['gs', 's3'] as const)
  test(`what changes on ${scheme}`, async context => {
    if (!needs(context, scheme === 'gs' ? 'gcs' : 's3')) return
    const bucket = await bucketOn(scheme)
    const word = scheme === 'gs' ? 'generation' : 'etag'

    await context.test('an object that is overwritten between planning and reading', async () => {
      await bucket.put('over.csv', rows(100_000, 'old'))
      const source = csv(`${bucket.uri}/over.csv`, Row)
      const { splits, inputs } = await source.plan({ splitBytes: 600_000 })
      await bucket.put('over.csv', rows(100_000, 'new'))
      const now = (await listObjects(`${bucket.uri}/over.csv`))[0]?.version
      const fresh = csv(`${bucket.uri}/over.csv`, Row)
      await assert.rejects(
        async () => drain(await fresh.open(splits[1] as Split, request)),
        (fault: Fault) => {
          assert.equal(fault.kind, 'data')
          assert.match(fault.message, /over\.csv was overwritten/)
          assert.ok(fault.message.includes(`${word} ${inputs[0]?.version}`), fault.message)
          assert.ok(fault.message.includes(`${word} ${now}`), fault.message)
          return true
        },
      )
    })

    await context.test('an object that is overwritten in the middle of a body', async () => {
      await bucket.put('long.csv', rows(400_000, 'a'))
      const [object] = await listObjects(`${bucket.uri}/long.csv`)
      assert.ok(object)
      const source = csv(object.uri, Row)
      const { splits } = await source.plan({ splitBytes: 2 ** 30 })
      const reader = await source.open(splits[0] as Split, request)
      await reader.next()
      await bucket.put('long.csv', rows(400_000, 'b'))
      // Bytes under way may still be of the old object; no row may ever be of the new one.
      const end = await drain(reader).then(
        count => count,
        (fault: Fault) => fault,
      )
      if (typeof end === 'number') assert.equal(end, 400_000 - 1000)
      else assert.match(end.message, /was overwritten|is gone|cannot be read/)
    })

    await context.test('an object that is gone', async () => {
      await bucket.put('gone.csv', rows(100_000, 'x'))
      const source = csv(`${bucket.uri}/gone.csv`, Row)
      const { splits } = await source.plan({ splitBytes: 600_000 })
      await bucket.remove('gone.csv')
      const other = csv(`${bucket.uri}/gone.csv`, Row)
      await assert.rejects(
        async () => drain(await other.open(splits[1] as Split, request)),
        (fault: Fault) => fault.kind === 'data' && /gone\.csv is gone/.test(fault.message),
      )
    })

    await context.test('a bucket that is not there', () =>
      assert.rejects(
        listObjects(`${bucket.uri}-none/in/`),
        (fault: Fault) =>
          fault.kind === 'resource' &&
          /there is no such bucket/.test(fault.message) &&
          fault.detail.some(line => /answered/.test(line)),
      ),
    )

    await context.test('an empty prefix, and a name that is nearly right', async () => {
      await bucket.put('data/lines.csv', rows(1, 'x'))
      await assert.rejects(listObjects(`${bucket.uri}/nothing/here/`), (fault: Fault) => {
        assert.match(fault.message, /no object matches/)
        return fault.kind === 'data'
      })
      await assert.rejects(listObjects(`${bucket.uri}/data/line.csv`), (fault: Fault) => {
        assert.match(fault.detail.join(), /holds lines\.csv/)
        assert.match(fault.hint ?? '', /did you mean ".*\/data\/lines\.csv"/)
        return fault.kind === 'data'
      })
    })

    await context.test('a manifest says what an output is made of', async () => {
      const folder = `${bucket.uri}/out`
      for (const name of ['part-0-a.csv', 'part-1-a.csv', 'part-0-dead.csv'])
        await bucket.put(`out/${name}`, rows(5, name))
      const before = (await readAll(csv(folder, Row))).rows.length
      assert.equal(before, 15)
      const listed = await listObjects(`${folder}/part-*-a.csv`)
      const objects = listed.map(({ uri, bytes, version }) => ({
        ...{ name: uri.slice(folder.length + 1), bytes, rows: 5, version, crc32c: null },
      }))
      const manifest = {
        format: 'millrace-manifest',
        version: 1,
        run: 'r',
        created: '2026-01-31T12:00:00Z',
        objects,
      }
      await bucket.put('out/_millrace_manifest.json', JSON.stringify(manifest))
      for (const uri of [folder, `${folder}/`, `${folder}/*.csv`, `${folder}/part-*.csv`])
        assert.equal((await readAll(csv(uri, Row))).rows.length, 10, uri)
      await bucket.put('out/_millrace_manifest.json', '{"format":"other"}')
      await assert.rejects(
        listObjects(folder),
        (fault: Fault) =>
          fault.kind === 'data' && /is no manifest of an output/.test(fault.message),
      )
    })

    await context.test('only what is new since the last run', async () => {
      await bucket.put('inc/a.csv', rows(1, 'a'))
      await sleep(1100)
      const source = csv(`${bucket.uri}/inc`, Row, { incremental: { overlap: '0s' } })
      const first = await source.plan({ splitBytes: 1000, since: null })
      assert.equal(first.inputs.length, 1)
      await sleep(1100)
      await bucket.put('inc/b.csv', rows(1, 'b'))
      const second = await source.plan({ splitBytes: 1000, since: first.mark ?? null })
      assert.deepEqual(
        second.inputs.map(i => i.uri),
        [`${bucket.uri}/inc/b.csv`],
      )
      assert.ok((second.mark ?? '') > (first.mark ?? ''))
      const third = await source.plan({ splitBytes: 1000, since: second.mark ?? null })
      assert.deepEqual([third.inputs, third.splits, third.mark], [[], [], second.mark])
    })

    await context.test('many small objects are listed in pages and read by few tasks', async () => {
      const count = 1100
      for (let i = 0; i < count; i += 50)
        await Promise.all(
          Array.from({ length: Math.min(50, count - i) }, (_, k) =>
            bucket.put(`many/${10_000 + i + k}.csv`, `id,name\n${i + k},n\n`),
          ),
        )
      const source = csv(`${bucket.uri}/many`, Row)
      const { splits, inputs } = await source.plan({ splitBytes: 2 ** 24 })
      assert.equal(inputs.length, count)
      assert.equal(splits.length, 2)
      const read = await readAll(source)
      assert.deepEqual(
        read.rows.map(r => r.id),
        Array.from({ length: count }, (_, i) => i),
      )
    })

    await context.test('a check lists, reads, writes and removes, and leaves nothing', async () => {
      await bucket.put('check/a.csv', rows(1, 'a'))
      const { passed, missing } = await checkObjects(`${bucket.uri}/check`)
      assert.deepEqual(missing, [])
      assert.equal(passed.length, 4)
      const left: string[] = []
      for await (const page of (await readerOf(bucket.uri)).list(`${bucket.uri}/check`))
        left.push(...page.map(o => o.uri))
      assert.deepEqual(left, [`${bucket.uri}/check/a.csv`])
      const none = await checkObjects(`${bucket.uri}-none/x`)
      assert.equal(none.missing.length, 1)
      assert.match(none.missing[0]?.answered ?? '', /404/)
    })

    if (scheme === 's3')
      await context.test('a wrong secret', async () => {
        const { AWS_SECRET_ACCESS_KEY = '' } = process.env
        process.env['AWS_SECRET_ACCESS_KEY'] = 'another'
        await closeS3Client()
        try {
          await assert.rejects(
            listObjects(`${bucket.uri}/data/`),
            (fault: Fault) =>
              fault.kind === 'resource' && /access key is not accepted/.test(fault.message),
          )
        } finally {
          process.env['AWS_SECRET_ACCESS_KEY'] = AWS_SECRET_ACCESS_KEY
          await closeS3Client()
        }
      })
  })
