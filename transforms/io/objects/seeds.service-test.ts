/**
 * Reading through a network and a service that fail, by seed: resets, truncated and stalled bodies, 429,
 * 500 and 503. The rows are those of the local files, nothing is left open, and damage is told.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { gzipSync } from 'node:zlib'
import { RowBuilder } from '../../../engine/compile/rows.ts'
import { schema, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import { bucketOn } from '../../../test/services/bucket.ts'
import { faultProxy } from '../../../test/services/fault-proxy/proxy.ts'
import { needs } from '../../../test/services/services.ts'
import { csv } from '../csv/csv.ts'
import { folderOf, readAll } from '../files/testing/read-all.ts'
import { parquetFragment } from '../parquet/fragment.ts'
import { parquet } from '../parquet/index.ts'
import { closeIdle } from './receive.ts'
import { closeS3Client } from './s3-client.ts'

/** A request for bytes of the plain file, on either service. */
const isBody = (words: string): boolean =>
  /rows\.csv\b(?!\.gz)/.test(words) && /alt=media|^GET \/(?!storage)/.test(words)

const Row = schema({ id: t.int32, name: t.utf8 })
const SEEDS = Number(process.env['MILLRACE_SEEDS'] ?? 8)
const rows = Array.from({ length: 40_000 }, (_, id) => ({ id, name: `name of ${id * 7919}` }))
const text = `id,name\n${rows.map(r => `${r.id},${r.name}`).join('\n')}\n`

for (const scheme of ['gs', 's3'] as const)
  test(`${scheme} through faults`, async context => {
    if (!needs(context, scheme === 'gs' ? 'gcs' : 's3')) return
    const bucket = await bucketOn(scheme)
    const local = folderOf({})
    context.after(() => local.remove())
    const path = join(local.path, 'rows.parquet')
    const writer = parquetFragment(path, Row)
    const builder = new RowBuilder(Row, rows.length)
    for (const row of rows) builder.append(row)
    await writer.write(builder.take())
    await writer.close()
    await bucket.put('rows.csv', text)
    await bucket.put('rows.csv.gz', gzipSync(text))
    await bucket.put('rows.parquet', readFileSync(path))
    for (let i = 0; i < 30; i++)
      await bucket.put(
        `small/${100 + i}.csv`,
        `id,name\n${rows
          .slice(i * 10, i * 10 + 10)
          .map(r => `${r.id},${r.name}`)
          .join('\n')}\n`,
      )
    const splitBytes = 300_000
    const sources = [
      { source: csv(`${bucket.uri}/rows.csv`, Row), count: rows.length },
      { source: csv(`${bucket.uri}/rows.csv.gz`, Row), count: rows.length },
      { source: csv(`${bucket.uri}/small/*.csv`, Row), count: 300 },
      { source: parquet(`${bucket.uri}/rows.parquet`, Row), count: rows.length },
    ]
    /** Points this process at a proxy that fails by the seed, for as long as `act` runs. */
    const through = async (
      options: Parameters<typeof faultProxy>[1],
      act: (schedule: unknown) => Promise<void>,
    ) => {
      const proxy = await faultProxy(bucket.service, options)
      Object.assign(process.env, proxy.env)
      await closeS3Client()
      try {
        await act(proxy.schedule)
      } finally {
        await closeS3Client()
        closeIdle()
        for (let i = 0; i < 100 && proxy.connections > 0; i++)
          await new Promise(resolve => setTimeout(resolve, 20))
        const open = proxy.connections
        await proxy.stop()
        Object.assign(process.env, bucket.service.env)
        assert.equal(open, 0, 'no connection is left open')
      }
    }

    for (let seed = 1; seed <= SEEDS; seed++)
      await context.test(`seed ${seed}`, () =>
        through({ seed, rate: 0.3, stallMs: 300, slowMs: 50 }, async schedule => {
          for (const { source, count } of sources) {
            const read = await readAll(source, { splitBytes })
            assert.equal(read.rows.length, count, `${source.uri} ${schedule}`)
            assert.ok(isDeepStrictEqual(read.rows, rows.slice(0, count)), `${schedule}`)
          }
        }),
      )

    await context.test('a body with a wrong byte is told by its checksum', () =>
      through(
        {
          seed: 3,
          kinds: ['corrupted'],
          rate: 1,
          inARowMax: 100,
          faultsMax: 100,
          where: isBody,
        },
        async schedule => {
          await assert.rejects(
            readAll(sources[0]?.source as never),
            (fault: Fault) =>
              fault.kind === 'data' && /came damaged: its (?:md5|crc32c)/.test(fault.message),
            `${schedule}`,
          )
        },
      ),
    )

    await context.test('a body that is too short is read on', () =>
      through(
        {
          seed: 5,
          kinds: ['shortened'],
          rate: 0.5,
          where: isBody,
        },
        async schedule => {
          const read = await readAll(sources[0]?.source as never, { splitBytes })
          assert.ok(isDeepStrictEqual(read.rows, rows), `${schedule}`)
        },
      ),
    )
  })
