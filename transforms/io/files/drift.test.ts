/** Files of a set whose columns differ, or that cannot be read: failed, widened, rejected, left out. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { schema, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { runPipeline } from '../../../engine/run/run.ts'
import { runRows } from '../../../testing/index.ts'
import { pipeline } from '../../pipeline.ts'
import { csv } from '../csv/csv.ts'
import { ndjson } from '../ndjson/ndjson.ts'
import { parquet } from '../parquet/index.ts'
import { rowsOf, workbook } from '../xlsx/testing/workbook.ts'
import { xlsx } from '../xlsx/xlsx.ts'
import { folderOf, readAll } from './testing/read-all.ts'

const Sale = schema({
  id: t.int32,
  note: t.utf8.nullable,
  price: t.decimal(20, 2).nullable,
  at: t.timestamp.nullable,
})
const folder = folderOf({
  'a.csv': 'id,note,price,at\n1,x,1.50,2026-01-01T00:00:00Z\n2,,,\n',
  'b.csv': 'price,id,more\n2.50,3,m\nno,4,m\n',
  'c.csv': 'id,note,price,at\n5,"y\nz",9.99,\n',
  'd.csv': 'Id,note,price,at\n6,q,1,\n',
  'e.csv': '',
  'utf16.csv': Buffer.from('\ufeffid\n1\n', 'utf16le'),
})
after(() => folder.remove())
const at = (name: string) => join(folder.path, name)
const ids = (rows: readonly Record<string, unknown>[]) => rows.map(r => r.id)

async function fails(reading: Promise<unknown>, pattern: RegExp): Promise<void> {
  await assert.rejects(reading, e => {
    assert.ok(e instanceof Fault && e.kind === 'data', String(e))
    assert.match(e.render(), pattern)
    return true
  })
}

test('fail: the default names the file and the column', async () => {
  for (const options of [{}, { drift: 'fail' }, { onFile: 'fail' }] as const)
    await fails(
      readAll(csv(at('{a,b}.csv'), Sale, options)),
      /column "note" \(and 1 more\) is not in the header of .*b\.csv/,
    )
})

test('widen: columns that may be null are null, whichever are read', async () => {
  const source = csv(at('{a,b,c,e}.csv'), Sale, { drift: 'widen' })
  for (const splitBytes of [10, 1e6]) {
    const { rows, rejects } = await readAll(source, { splitBytes })
    assert.deepEqual(rows, [
      { id: 1, note: 'x', price: 150n, at: Date.UTC(2026, 0, 1) },
      { id: 2, note: null, price: null, at: null },
      { id: 3, note: null, price: 250n, at: null },
      { id: 5, note: 'y\nz', price: 999n, at: null },
    ])
    assert.deepEqual(
      rejects.map(r => [r.uri, r.line, r.column]),
      [[at('b.csv'), 3, 'price']],
    )
  }
  const few = await readAll(source, { wanted: [true, false, false, true] })
  assert.deepEqual(
    few.rows.map(r => r.at),
    [Date.UTC(2026, 0, 1), null, null, null],
  )
  const { notes } = await source.plan({ splitBytes: 1e6 })
  assert.deepEqual(notes, [
    `${at('b.csv')}: columns that the schema lacks are not read: "more"`,
    `${at('b.csv')}: columns that it lacks: "note", "at": null in its rows`,
  ])
})

test('widen: a column that may not be null is a fault, or its file is left out', async () => {
  await fails(
    readAll(csv(at('{a,d}.csv'), Sale, { drift: 'widen' })),
    /d\.csv lacks column "id", which may not be null/,
  )
  const source = csv(at('*.csv'), Sale, { drift: 'widen', onFile: 'quarantine' })
  assert.deepEqual(ids((await readAll(source)).rows), [1, 2, 3, 5])
  const { notes, inputs } = await source.plan({ splitBytes: 1e6 })
  assert.equal(inputs.length, 6)
  assert.deepEqual(
    notes?.slice(2).map(n => n.replace(folder.path, '')),
    [
      '/d.csv is left out: ' + `${at('d.csv')} lacks column "id", which may not be null`,
      '/utf16.csv is left out: ' + `${at('utf16.csv')} is UTF-16 text`,
    ].map(n => n),
  )
})

test('reject: each row of a file that lacks columns, as JSON', async () => {
  const { rows, rejects } = await readAll(csv(at('{a,b,c}.csv'), Sale, { drift: 'reject' }))
  assert.deepEqual(ids(rows), [1, 2, 5])
  assert.deepEqual(
    rejects.map(r => [r.uri, r.reason, r.column, r.offset, r.raw]),
    [
      [
        at('b.csv'),
        'the file lacks column "note" (and 1 more)',
        'note',
        14,
        '{"id":3,"price":"2.50"}',
      ],
      [at('b.csv'), 'expected decimal(20,2), got "no"', 'price', 23, 'no,4,m'],
    ].sort((a, b) => Number(b[3]) - Number(a[3])),
  )
})

test('quarantine: files of other formats, in every format', async () => {
  const files: Record<string, string | Buffer> = {
    'n1.ndjson': '{"id":1}\n',
    'n2.ndjson': Buffer.from('PK\x03\x04zip'),
    'x1.xlsx': workbook([{ name: 'S', rows: rowsOf([['id', 'note', 'price', 'at'], [7]]) }]),
    'x2.xlsx': 'id,note\n',
    'p2.parquet': 'no',
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(at(name), content)
  const out = join(folder.path, 'p')
  const write = pipeline({
    name: 'write',
    build: p => void p.create(Sale, [{ id: 8, note: 'n', price: 1, at: 0 }]).write(parquet(out)),
  })
  await runPipeline({ pipeline: write, params: {} })
  const quarantine = { onFile: 'quarantine' } as const
  assert.deepEqual(ids((await readAll(ndjson(at('n*.ndjson'), Sale, quarantine))).rows), [1])
  assert.deepEqual(ids((await readAll(xlsx(at('x*.xlsx'), Sale, quarantine))).rows), [7])
  assert.deepEqual(
    ids((await readAll(parquet(at('{p2,p/*}.parquet'), Sale, quarantine))).rows),
    [8],
  )
  await fails(
    readAll(ndjson(at('n2.ndjson'), Sale, quarantine)),
    /no file of .*n2.ndjson can be read[\s\S]*zip archive/,
  )
  // Damage behind the start is not seen when the run is planned.
  const many = Array.from(
    { length: 40_000 },
    (_, i) => `${(i * 7919) % 99_991},${Math.sqrt(i)},,\n`,
  )
  const packed = gzipSync(`id,note,price,at\n${many.join('')}`)
  writeFileSync(at('cut.csv.gz'), packed.subarray(0, packed.length / 2))
  await fails(readAll(csv(at('{a,cut}.csv*'), Sale, quarantine)), /cut short/)
})

test('through the engine: Parquet and CSV widened, with conditions and accounts', async () => {
  const out = join(folder.path, 'wide')
  const Less = schema({ id: t.int32, price: t.decimal(20, 2) })
  for (const [name, write] of [
    [
      'w1',
      (uri: string) =>
        pipeline({
          name: 'a',
          build: p =>
            void p
              .create(Sale, [
                { id: 1, note: 'n', price: 1, at: 0 },
                { id: 2, note: null, price: null, at: null },
              ])
              .write(parquet(uri)),
        }),
    ],
    [
      'w2',
      (uri: string) =>
        pipeline({
          name: 'b',
          build: p =>
            void p
              .create(Less, [
                { id: 3, price: 2 },
                { id: 4, price: 3 },
              ])
              .write(parquet(uri)),
        }),
    ],
  ] as const)
    await runPipeline({ pipeline: write(join(out, name)), params: {} })
  const read = (drift: 'widen' | 'reject') =>
    runRows(p => {
      const sales = p.read(parquet(join(out, '*/*.parquet'), Sale, { drift }))
      return {
        all: sales,
        noted: sales.where({ note: 'n' }),
        none: sales.where({ note: null }).derive({ twice: [t.int32, r => r.id * 2] }),
        bad: sales.rejects,
      }
    })
  const { rows } = await read('widen')
  assert.deepEqual(ids(rows.all).sort(), [1, 2, 3, 4])
  assert.deepEqual(ids(rows.noted), [1])
  assert.deepEqual(rows.none.map(r => r.twice).sort(), [4, 6, 8])
  assert.deepEqual(rows.bad, [])
  const rejected = await read('reject')
  assert.deepEqual(ids(rejected.rows.all).sort(), [1, 2])
  assert.deepEqual(rejected.rows.bad.map(r => r.raw).sort(), [
    '{"id":3,"price":"2.00"}',
    '{"id":4,"price":"3.00"}',
  ])
})

test('nested columns of Parquet files are there, or are null', async () => {
  const Nested = schema({ id: t.int32, tags: t.list(t.utf8).nullable })
  const uri = join(folder.path, 'nested')
  const rows = [{ id: 1, tags: ['a', 'b'] }]
  const write = (name: string) =>
    pipeline({ name, build: p => void p.create(Nested, rows).write(parquet(join(uri, name))) })
  const plain = pipeline({
    name: 'plain',
    build: p => void p.create(schema({ id: t.int32 }), [{ id: 2 }]).write(parquet(join(uri, 'b'))),
  })
  await runPipeline({ pipeline: write('a'), params: {} })
  await runPipeline({ pipeline: plain, params: {} })
  const { rows: got } = await runRows(p => ({
    all: p.read(parquet(join(uri, '*/*.parquet'), Nested, { drift: 'widen' })),
  }))
  assert.deepEqual(
    got.all.toSorted((a, b) => a.id - b.id),
    [...rows, { id: 2, tags: null }],
  )
})
