/** Pipelines on BigQuery: every kind there and back, a table read as it will stand, increments, refusals. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pipeline, type Row as RowOf, schema, t } from 'millrace'
import { ndjson, table } from 'millrace/io'
import { runPipeline } from '../../../engine/run/run.ts'
import { dataset, folder, PLACE } from './testing/sample.ts'
import { bigqueryFor } from '../../../test/bigquery.ts'

const Kinds = schema({
  id: t.int32,
  flag: t.bool.nullable,
  whole: t.int64,
  big: t.bigint.nullable,
  half: t.float32,
  real: t.float64.nullable,
  price: t.decimal(10, 3),
  wide: t.decimal(38, 9).nullable,
  name: t.utf8.nullable,
  raw: t.bytes,
  day: t.date,
  at: t.timestamp,
  local: t.datetime.nullable,
})
type Kinds = RowOf<typeof Kinds>
const rows: Kinds[] = [
  {
    id: 1,
    flag: true,
    whole: 2 ** 53 - 1,
    big: -(2n ** 63n),
    half: 0.5,
    real: -1e300,
    price: -1234567.891,
    wide: 12345678.123456789,
    name: 'zażółć "\\\n',
    raw: Uint8Array.of(0, 255, 10),
    day: Date.UTC(1969, 11, 31),
    at: Date.UTC(2026, 0, 31, 23, 59, 59, 999) + 0.125,
    local: Date.UTC(1999, 0, 1, 1, 2, 3) + 0.5,
  },
  {
    id: 2,
    flag: null,
    whole: -1,
    big: null,
    half: -0.25,
    real: null,
    price: 0.001,
    wide: null,
    name: null,
    raw: new Uint8Array(),
    day: 0,
    at: 0,
    local: null,
  },
]
const place = { staging: PLACE.staging }
const lines = (out: string): Record<string, unknown>[] =>
  globSync(`${out}/*.ndjson`)
    .sort()
    .flatMap(f => readFileSync(f, 'utf8').trim().split('\n'))
    .filter(l => l !== '')
    .map(l => JSON.parse(l))

let made = 0
const out = () => join(folder, `out-${made++}`)
async function done(p: Parameters<typeof runPipeline>[0]['pipeline']): Promise<void> {
  const report = await runPipeline({ pipeline: p })
  assert.equal(report.status, 'done', JSON.stringify(report.error))
}

test('every kind there and back, as it will stand and as it stands', async context => {
  if (!(await bigqueryFor(context))) return
  const { uri } = await dataset()
  const [given, standing, back] = [out(), out(), out()]
  await done(
    pipeline({
      name: 'there',
      build(p) {
        const all = p.create(Kinds, rows)
        all.sortBy('id').write(ndjson(given))
        const written = all.write(table(uri, 'kinds', { mode: 'replace', ...place }))
        p.read(written).sortBy('id').write(ndjson(standing))
      },
    }),
  )
  await done(
    pipeline({
      name: 'back',
      build: p =>
        void p
          .read(table(uri, 'kinds', Kinds))
          .sortBy('id')
          .write(ndjson(back)),
    }),
  )
  assert.equal(lines(given).length, 2)
  assert.deepEqual(lines(standing), lines(given))
  assert.deepEqual(lines(back), lines(given))
})

const Line = schema({
  sku: t.utf8,
  n: t.int32.nullable,
  price: t.decimal(10, 2),
  sold: t.timestamp,
  meta: t.json.nullable,
})
const Order = schema({
  id: t.int32,
  seen: t.timestamp,
  tags: t.list(t.utf8),
  lines: t.list(t.struct(Line)),
  address: t.struct(schema({ city: t.utf8.nullable, zips: t.list(t.int64) })).nullable,
  extra: t.json.nullable,
})
const orders = [
  {
    id: 1,
    seen: 5,
    tags: ['a', "b'\n"],
    lines: [
      {
        sku: 'x',
        n: 1,
        price: -1.25,
        sold: Date.UTC(2026, 0, 31, 23) + 0.5,
        meta: [1, { k: 'v' }],
      },
      { sku: 'y', n: null, price: 0, sold: 0, meta: null },
    ],
    address: { city: 'Łódź', zips: [1, 2 ** 40] },
    extra: { a: [1, null, { b: 'c"' }], d: true },
  },
  { id: 2, seen: 6, tags: [], lines: [], address: null, extra: null },
]

for (const mode of [{ mode: 'replace' }, { mode: 'merge', key: ['id'], latest: 'seen' }] as const)
  test(`nested kinds there and back: ${mode.mode}`, async context => {
    const service = await bigqueryFor(context)
    if (!service) return
    const { uri } = await dataset()
    const [given, standing, back] = [out(), out(), out()]
    await done(
      pipeline({
        name: 'there',
        build(p) {
          const all = p.create(Order, orders)
          all.sortBy('id').write(ndjson(given))
          const written = all.write(table(uri, 'orders', { ...mode, ...place }))
          p.read(written).sortBy('id').write(ndjson(standing))
        },
      }),
    )
    await done(
      pipeline({
        name: 'back',
        build: p =>
          void p
            .read(table(uri, 'orders', Order))
            .sortBy('id')
            .write(ndjson(back)),
      }),
    )
    assert.equal(lines(given).length, 2)
    // Without these the service reads lists as records, and wide decimals as what has no room for them.
    const loads = service.jobs.flatMap(({ configuration: { load } }) => load ?? []) as object[]
    for (const load of loads)
      assert.partialDeepStrictEqual(load, {
        parquetOptions: { enableListInference: true },
        decimalTargetTypes: ['NUMERIC', 'BIGNUMERIC'],
      })
    assert.equal(loads.length, 1)
    assert.deepEqual(lines(standing), lines(given))
    assert.deepEqual(lines(back), lines(given))
  })

const Sale = schema({ saleId: t.int32, shop: t.utf8, price: t.decimal(10, 2), at: t.timestamp })
const sale = (saleId: number, shop: string, price: number, hour = 0) => ({
  saleId,
  shop,
  price,
  at: Date.UTC(2026, 0, 1, hour),
})

test('a merge over two runs; names in snake case; where and increments are asked of the service', async context => {
  if (!(await bigqueryFor(context))) return
  const { uri } = await dataset()
  const load = (of: ReturnType<typeof sale>[]) =>
    pipeline({
      name: 'sales',
      build: p =>
        void p.create(Sale, of).write(
          table(uri, 'sales', {
            mode: 'merge',
            key: ['saleId'],
            latest: 'at',
            names: 'snake_case',
            ...place,
          }),
        ),
    })
  await done(load([sale(1, 'a', 10), sale(2, "b'", 7.25, 1)]))
  await done(load([sale(2, "b'", 20.5, 2), sale(3, 'c', 7, 3), sale(1, 'old', 0, 0)]))
  const Stored = schema({
    sale_id: t.int32,
    shop: t.utf8,
    price: t.decimal(10, 2),
    at: t.timestamp,
  })
  const read = async (o: object) => {
    const to = out()
    await done(
      pipeline({
        name: 'read',
        build: p =>
          void p
            .read(table(uri, 'sales', Stored, o))
            .sortBy('sale_id')
            .write(ndjson(to)),
      }),
    )
    return lines(to).map(r => `${r['sale_id']}${r['shop']}${r['price']}`)
  }
  assert.deepEqual(await read({}), ['1old0', "2b'20.5", '3c7'])
  assert.deepEqual(await read({ where: { shop: "b'" } }), ["2b'20.5"])
  const where = {
    price: { gte: 7, lt: 20.5 },
    at: { gt: Date.UTC(2026, 0, 1) },
    shop: { in: ['c', 'x'] },
  }
  assert.deepEqual(await read({ where }), ['3c7'])
  assert.deepEqual(await read({ where: { sale_id: { not: 3 } } }), ['1old0', "2b'20.5"])
  const since = Date.UTC(2026, 0, 1, 2)
  const source = table(uri, 'sales', Stored, { incremental: { by: 'at', overlap: '30min' } })
  const request = { splitBytes: 1e6, since: new Date(since).toISOString(), interval: null }
  const plan = await source.plan(request)
  assert.equal(plan.mark, '2026-01-01T03:00:00.000Z')
  assert.equal(
    plan.splits.reduce((sum, s) => sum + s.end - s.start, 0),
    2,
  )
  const hour = { start: since, end: since + 3600_000 }
  const inHour = await source.plan({ ...request, since: null, interval: hour })
  assert.equal(inHour.mark, '2026-01-01T03:00:00.000Z')
  const quiet = { start: since + 7200_000, end: since + 10_800_000 }
  const late = { ...request, since: new Date(quiet.start).toISOString(), interval: quiet }
  assert.equal((await source.plan(late)).nothingNew, true)
  assert.equal((await source.plan({ ...request, interval: hour })).nothingNew, undefined)
})

test('what is not there, or is another, is refused before anything is read', async context => {
  if (!(await bigqueryFor(context))) return
  const { uri } = await dataset()
  const fails = async (build: Parameters<typeof pipeline>[0]['build'], text: RegExp) => {
    const report = await runPipeline({ pipeline: pipeline({ name: 'fails', build }) })
    assert.equal(report.status, 'failed')
    assert.match(JSON.stringify(report.error), text)
    assert.match(report.error?.at ?? '', /\.(?:read|write)$/)
  }
  const write =
    (warehouse: string, o = {}) =>
    (p: Parameters<Parameters<typeof pipeline>[0]['build']>[0]) =>
      void p
        .create(Sale, [sale(1, 'a', 1)])
        .write(table(warehouse, 'sales', { mode: 'replace', ...place, ...o }))
  await fails(
    write('bigquery://test.nowhere'),
    /data set test\.nowhere is not there[\s\S]*bq mk --location/,
  )
  await fails(write(uri, { staging: undefined }), /MILLRACE_STAGING/)
  await fails(write(uri, { staging: 's3://x/y' }), /is no gs:/)
  await fails(write(uri, { location: 'US' }), /lies in EU, not in US/)
  const nowhere = pipeline({ name: 'fails', build: write('bigquery://a b') })
  await assert.rejects(runPipeline({ pipeline: nowhere }), /names no data set/)
  await fails(
    write(uri, { staging: 'gs://not-there/x' }),
    /gs:\/\/not-there[\s\S]*check the name of the bucket/,
  )
  await fails(
    p => void p.read(table(uri, 'none', Sale)).write(ndjson(out())),
    /table none of .* is not there/,
  )
})
