/** What the text sinks' options make of awkward rows, read back by DuckDB and by our own sources. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { schema, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { runPipeline } from '../../../engine/run/run.ts'
import { runRows } from '../../../testing/index.ts'
import { pipeline } from '../../pipeline.ts'
import type { Sink } from '../../write.ts'
import { csv } from '../csv/csv.ts'
import type { CsvSource } from '../csv/options.ts'
import type { CsvSink } from '../csv/write.ts'
import { ndjson } from '../ndjson/ndjson.ts'
import { duck } from '../parquet/testing/peers.ts'
import { folderOf } from './testing/read-all.ts'

const folder = folderOf({})
after(() => folder.remove())
let runs = 0

const Row = schema({
  id: t.int32,
  text: t.utf8.nullable,
  'od"d; name,|': t.utf8,
  n: t.decimal(12, 2).nullable,
  at: t.timestamp.nullable,
})
const TEXTS = [
  'plain',
  '',
  null,
  'a,b',
  'a;b',
  'a\tb',
  'a|b',
  'say "hi"',
  '"',
  '""',
  'l1\nl2',
  'l1\r\nl2',
  '\r',
  ' lead',
  'trail ',
  'NULL',
  'null',
  '\\N',
  "it's",
  '#no comment',
  '\ufeffmark',
  'é日本🦆',
  '-1',
  'back\\slash\\"',
  'x'.repeat(50),
]
const rows = TEXTS.flatMap((text, i) =>
  [0, 1].map(n => ({
    id: 2 * i + n,
    text,
    'od"d; name,|': text ?? '',
    n: n === 0 ? null : -(i + 1) / 4,
    at: n === 1 ? null : Date.UTC(2011, 0, 31, 8, 26) + i,
  })),
)

async function write(sinkAt: (uri: string) => Sink<never>): Promise<string> {
  const output = join(folder.path, `out-${runs++}`)
  const sink = sinkAt(output)
  const definition = pipeline({
    name: 'text',
    build(p) {
      p.create(Row, rows).write(sink)
    },
  })
  const report = await runPipeline({ pipeline: definition })
  assert.equal(report.error, undefined, JSON.stringify(report.error))
  return output
}

/** All rows as DuckDB reads them, in order, as texts. */
async function duckRows(from: string): Promise<unknown> {
  return duck(
    `SELECT id::INTEGER, replace(text, chr(65279), 'BOM'), replace(odd, chr(65279), 'BOM'), n::VARCHAR, epoch_ms(CAST("at" AS TIMESTAMPTZ))::VARCHAR FROM ${from} ORDER BY 1`,
  )
}
/** DuckDB's Node client takes a byte order mark off what it reads: it is made visible. */
const shown = (text: string | null): string | null => text?.replaceAll('\ufeff', 'BOM') ?? null
const expected = rows.map(r => [
  r.id,
  shown(r.text),
  shown(r['od"d; name,|']),
  r.n === null ? null : r.n.toFixed(2),
  r.at === null ? null : String(r.at),
])
const TYPES = `{'id': 'INTEGER', 'text': 'VARCHAR', 'odd': 'VARCHAR', 'n': 'DECIMAL(12,2)', 'at': 'VARCHAR'}`
const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`

const DIALECTS: readonly CsvSink[] = [
  {},
  { delimiter: ';' },
  { delimiter: '\t', compression: 'gzip' },
  { delimiter: '|', nulls: 'NULL' },
  { nulls: '\\N', header: false },
  { header: false, compression: 'zstd' },
]
for (const dialect of DIALECTS)
  test(`csv ${JSON.stringify(dialect)} reads back equal`, async () => {
    const { delimiter = ',', header = true, nulls = '', compression = 'none' } = dialect
    const output = await write(uri => csv(uri, dialect))
    const [file = ''] = readdirSync(output)
    const suffix = { none: '', gzip: '.gz', zstd: '.zst' }[compression]
    assert.equal(file, `part-00000${delimiter === '\t' ? '.tsv' : '.csv'}${suffix}`)
    const source: CsvSource<typeof Row.fields> = {
      delimiter,
      nulls: [nulls],
      ...(header ? {} : { header: false }),
    }
    const { rows: got } = await runRows(p => ({ all: p.read(csv(output, Row, source)) }))
    assert.deepEqual(got.all, rows)
    const found = await duckRows(
      `read_csv('${output}/*', columns = ${TYPES}, header = ${header}, delim = ${sqlText(delimiter)}, quote = '"', escape = '"', nullstr = ${sqlText(nulls)}, allow_quoted_nulls = false, auto_detect = false, strict_mode = true, new_line = '\\n')`,
    )
    assert.deepEqual(found, expected)
  })

for (const compression of ['none', 'gzip', 'zstd'] as const)
  test(`ndjson ${compression} reads back equal`, async () => {
    const output = await write(uri => ndjson(uri, { compression }))
    const { rows: got } = await runRows(p => ({ all: p.read(ndjson(output, Row)) }))
    assert.deepEqual(got.all, rows)
    const types = TYPES.replace("'odd'", `'od"d; name,|'`)
    const found = await duckRows(
      `(SELECT * RENAME ("od""d; name,|" AS odd) FROM read_json('${output}/*', columns = ${types}, format = 'newline_delimited'))`,
    )
    assert.deepEqual(found, expected)
  })

test('compressed files are of several members, filled to about the target, each whole', async () => {
  const Wide = schema({ id: t.int32, noise: t.utf8 })
  const noisy = Array.from({ length: 40_000 }, (_, id) => ({
    id,
    noise: Math.abs(Math.sin(id)).toString(36),
  }))
  const UNPACK = { gzip: gunzipSync, zstd: zstdDecompressSync }
  for (const compression of ['gzip', 'zstd'] as const) {
    const output = join(folder.path, `packed-${compression}`)
    const definition = pipeline({
      name: 'packed',
      build(p) {
        p.create(Wide, noisy).write(csv(output, { compression, bytesPerFile: '200kB' }))
      },
    })
    await runPipeline({ pipeline: definition })
    const files = readdirSync(output).map(name => join(output, name))
    assert.ok(files.length > 1, String(files.length))
    const total = files.reduce((sum, f) => sum + statSync(f).size, 0)
    assert.ok(files.length <= Math.ceil(total / (200 * 1024)))
    const text = files.map(f => UNPACK[compression](readFileSync(f)).toString()).join('')
    assert.equal(text.split('\n').length - 1, noisy.length + files.length)
    const [sums] = await duck(
      `SELECT count(*)::INTEGER, sum(id)::VARCHAR, count(DISTINCT noise)::INTEGER FROM read_csv('${output}/*')`,
    )
    const distinct = new Set(noisy.map(r => r.noise)).size
    assert.deepEqual(sums, [noisy.length, String((39_999 * 40_000) / 2), distinct])
    const { rows: got } = await runRows(p => ({ all: p.read(csv(output, Wide)) }))
    assert.deepEqual(got.all, noisy)
  }
})

test('an output without rows is a file that still reads', async () => {
  for (const compression of ['none', 'gzip', 'zstd'] as const)
    for (const [sink, source] of [
      [(uri: string) => csv(uri, { compression }), (uri: string) => csv(uri, Row)],
      [(uri: string) => ndjson(uri, { compression }), (uri: string) => ndjson(uri, Row)],
    ] as const) {
      const output = join(folder.path, `none-${runs++}`)
      const definition = pipeline({
        name: 'none',
        build(p) {
          p.create(Row, rows)
            .filter(r => r.id < 0)
            .write(sink(output))
        },
      })
      const report = await runPipeline({ pipeline: definition })
      assert.equal(report.outputs[0]?.files, 1)
      const { rows: got } = await runRows(p => ({ all: p.read(source(output)) }))
      assert.deepEqual(got.all, [])
    }
})

test('options that would make files that cannot be read are refused', () => {
  const refused = (options: object, message: RegExp): void =>
    assert.throws(
      () => csv('out', options as CsvSink),
      (e: unknown) => e instanceof Fault && e.kind === 'pipeline' && message.test(e.message),
    )
  for (const delimiter of ['', ',,', '"', '\n', '.', '-', '0', 'a', ':', '+', 'é'])
    refused({ delimiter }, /option delimiter/)
  for (const nulls of ['0', '-1', 'true', 'NaN', '"', 'a,b', '2011-01-01', 'x\n', null])
    refused({ nulls }, /option nulls/)
  refused({ compression: 'lz4' }, /option compression: expected 'none', 'gzip' or 'zstd'/)
  refused({ header: 'yes' }, /option header/)
  refused({ delimeter: ';' }, /option "delimeter" does not exist/)
  assert.notEqual(csv('out', { nulls: 'NULL' }).fingerprint, csv('out', {}).fingerprint)
})
