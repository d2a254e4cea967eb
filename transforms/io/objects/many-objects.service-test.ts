/** Many tiny objects: few tasks, one request for each object, and the caller is told while they are listed. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { RowBuilder } from '../../../engine/compile/rows.ts'
import { schema, t } from '../../../engine/data/schema.ts'
import type { AnySource, PlanProgress } from '../../../engine/io/source.ts'
import { bucketOn, type Kind, KINDS, serviceOf } from '../../../test/services/objects/buckets.ts'
import { watching } from '../../../test/services/objects/watching.ts'
import { needs } from '../../../test/services/services.ts'
import { csv } from '../csv/csv.ts'
import { folderOf, readAll } from '../files/testing/read-all.ts'
import { ndjson } from '../ndjson/ndjson.ts'
import { parquetFragment } from '../parquet/fragment.ts'
import { parquet } from '../parquet/index.ts'
import { partsOf } from '../files/parts.ts'
import { each } from './each.ts'
import { storeOf } from './store-of.ts'

const OBJECTS = 1200
/** Of these objects' formats so many are looked into when the run is planned. */
const LOOKED = 256
const Row = schema({ id: t.int32, name: t.utf8 })
type Read = (uri: string) => AnySource

async function parquetFile(): Promise<Uint8Array> {
  const local = folderOf({})
  const path = join(local.path, 'one.parquet')
  const writer = parquetFragment(path, Row)
  const builder = new RowBuilder(Row, 1)
  builder.append({ id: 7, name: 'n7' })
  await writer.write(builder.take())
  await writer.close()
  const bytes = readFileSync(path)
  local.remove()
  return bytes
}

async function filled(kind: Kind, name: string, file: (i: number) => string | Uint8Array) {
  const bucket = await bucketOn(kind, name)
  const store = await storeOf(bucket)
  const numbers = Array.from({ length: OBJECTS }, (_, i) => i)
  await each(numbers, i => store.put(`${bucket}/in/${10_000 + i}`, Buffer.from(file(i))))
  return `${bucket}/in/*`
}

/** The requests that arrive while `act` runs, by what they are for. */
async function counted<T>(kind: Kind, act: () => Promise<T>) {
  const counts = { list: 0, read: 0, other: 0 }
  const { uri, env } = await serviceOf(kind)
  const proxy = await watching(uri, ({ method, url }) => {
    const lists = /list-type=2|\/o\?/.test(url)
    const reads = method === 'GET' && (kind === 's3' || url.includes('alt=media'))
    counts[lists ? 'list' : reads ? 'read' : 'other']++
    return true
  })
  const name = kind === 'gcs' ? 'STORAGE_EMULATOR_HOST' : 'AWS_ENDPOINT_URL_S3'
  process.env[name] = proxy
  if (kind === 's3') await (await import('./s3-client.ts')).closeS3Client()
  try {
    return { answer: await act(), counts }
  } finally {
    process.env[name] = env[name]
  }
}

const FORMATS: Readonly<
  Record<string, { read: Read; file: (i: number) => Promise<string | Uint8Array> }>
> = {
  csv: { read: uri => csv(uri, Row), file: async (i: number) => `id,name\n${i},n${i}\n` },
  ndjson: {
    read: uri => ndjson(uri, Row),
    file: async (i: number) => `{"id":${i},"name":"n${i}"}\n`,
  },
  parquet: { read: uri => parquet(uri, Row), file: parquetFile },
}

/** Each format on one of the servers at least. */
const CASES: readonly (readonly [Kind, string])[] = [
  ...KINDS.map(kind => [kind, 'csv'] as const),
  ['s3', 'ndjson'],
  ['gcs', 'parquet'],
]

for (const [kind, format] of CASES) {
  const { read, file } = FORMATS[format] as (typeof FORMATS)[string]
  test(`${OBJECTS} tiny ${format} objects on ${kind}`, async context => {
    if (!needs(context, kind)) return
    const same = format === 'parquet' ? await file(0) : null
    const texts = await Promise.all(Array.from({ length: OBJECTS }, (_, i) => same ?? file(i)))
    const uri = await filled(kind, `many-${format}`, i => texts[i] as string | Uint8Array)
    const source = read(uri)

    const told: PlanProgress[] = []
    const planning = await counted(kind, () =>
      source.plan({ splitBytes: 64 << 20, told: progress => told.push(progress) }),
    )
    const { splits, inputs } = planning.answer
    assert.equal(inputs.length, OBJECTS)
    assert.deepEqual(
      splits.map(split => partsOf(split)?.length),
      [1000, OBJECTS - 1000],
    )
    const { list, read: looked, other } = planning.counts
    assert.ok(list >= 2 && list <= 4, `${list} requests to list`)
    // The manifest that the folder may have is asked for too.
    assert.ok(looked <= LOOKED + 1, `${looked} reads when it is planned`)
    assert.ok(other <= 1, `${other} other requests`)
    assert.ok(told.some(p => p.found === 1000 && p.looked === 0))
    assert.deepEqual(told.at(-1), { found: OBJECTS, looked: LOOKED })

    const whole = await counted(kind, () => readAll(source, { splitBytes: 64 << 20 }))
    const { rows } = whole.answer
    assert.equal(rows.length, OBJECTS)
    if (same === null) assert.deepEqual(rows[1199], { id: 1199, name: 'n1199' })
    // It is planned once more; what is still there of the objects looked into is not read again.
    const reads = whole.counts.read
    assert.ok(reads <= OBJECTS + LOOKED + 1, `${reads} reads`)
    assert.ok(whole.counts.other <= 1)
  })
}
