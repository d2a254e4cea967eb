/** How many files a write leaves, and how large: by rows, by bytes, by folder, whatever the tasks were. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { after, test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import type { FileSink } from '../../../engine/io/sink.ts'
import { runPipeline, type RunOptions } from '../../../engine/run/run.ts'
import { runRows } from '../../../testing/index.ts'
import { pipeline } from '../../pipeline.ts'
import type { Sink } from '../../write.ts'
import { csv } from '../csv/csv.ts'
import { ndjson } from '../ndjson/ndjson.ts'
import { parquet } from '../parquet/index.ts'
import { duck } from '../parquet/testing/peers.ts'
import { folderOf } from './testing/read-all.ts'

const ROWS = 60_000
const Row = schema({ id: t.int32, key: t.int32, noise: t.float64, name: t.utf8 })
const rowAt = (i: number) => ({
  id: i,
  key: (i * 7919) % 13,
  noise: Math.fround(Math.sin(i) * 1e9),
  name: `name ${(i * 31) % 101}`,
})
const pairOf = (r: { key: number; name: string }): string => `${r.name} ${r.key}`
const input = folderOf({
  'in.csv': `id,key,noise,name\n${Array.from({ length: ROWS }, (_, i) => `${Object.values(rowAt(i)).join(',')}\n`).join('')}`,
})
after(() => input.remove())
let runs = 0

interface File {
  readonly path: string
  readonly bytes: number
}

async function write(
  sinkAt: (output: string) => Sink<string>,
  options: Partial<RunOptions> = {},
): Promise<{ output: string; files: File[]; sink: FileSink }> {
  const output = join(input.path, `out-${runs++}`)
  const sink = sinkAt(output)
  const definition = pipeline({
    name: 'shards',
    build(p) {
      p.read(csv(join(input.path, 'in.csv'), Row)).write(sink as Sink<never>)
    },
  })
  const report = await runPipeline({
    pipeline: definition,
    splitBytes: 100_000,
    partitions: 8,
    ...options,
  })
  assert.equal(report.error, undefined, JSON.stringify(report.error))
  const files = readdirSync(output, { recursive: true, withFileTypes: true })
    .filter(e => e.isFile())
    .map(e => join(e.parentPath, e.name))
    .map(path => ({ path: relative(output, path), bytes: statSync(path).size }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  const [written] = report.outputs
  const bytes = files.reduce((sum, f) => sum + f.bytes, 0)
  assert.deepEqual([written?.rows, written?.files, written?.bytes], [ROWS, files.length, bytes])
  return { output, files, sink: sink as unknown as FileSink }
}

const FORMATS = {
  parquet: { sink: parquet, read: 'read_parquet' },
  csv: { sink: csv, read: 'read_csv' },
  ndjson: { sink: ndjson, read: 'read_json' },
}
type Format = keyof typeof FORMATS

/** Every row once, each as it was. */
async function checkRows(output: string, format: Format): Promise<void> {
  // Else DuckDB takes a file's noise for whole numbers where its first rows are.
  const typed = format === 'csv' ? ", types = {'noise': 'DOUBLE'}" : ''
  const rows = `(SELECT id::INTEGER id, key::INTEGER AS key, noise::DOUBLE noise, name FROM ${FORMATS[format].read}('${output}/**/part-*', hive_partitioning = true${typed}))`
  const from = `(SELECT id::INTEGER id, key::INTEGER AS key, noise::DOUBLE noise, name FROM read_csv('${join(input.path, 'in.csv')}'))`
  const [counts] = await duck(
    `SELECT (SELECT count(*) FROM ${rows})::INTEGER, (SELECT count(*) FROM (FROM ${rows} EXCEPT ALL FROM ${from}))::INTEGER`,
  )
  assert.deepEqual(counts, [ROWS, 0])
}

const perFolder = (files: readonly File[]): Map<string, File[]> =>
  Map.groupBy(files, f => dirname(f.path))

for (const format of ['parquet', 'csv', 'ndjson'] as const) {
  const sink = FORMATS[format].sink as (uri: string, o?: object) => Sink<string>

  test(`${format}: small outputs are one file, however many tasks wrote them`, async () => {
    const { files, output, sink: made } = await write(uri => sink(uri))
    assert.equal(made.options.bytesPerFile, 256 * 2 ** 20)
    assert.equal(files.length, 1)
    await checkRows(output, format)
  })

  test(`${format}: bytesPerFile bounds the number of files, and their size`, async () => {
    const target = 200_000
    for (const splitBytes of [100_000, 1e9]) {
      const made = await write(uri => sink(uri, { bytesPerFile: `${target}B` }), { splitBytes })
      const total = made.files.reduce((sum, f) => sum + f.bytes, 0)
      const most = Math.ceil(total / target)
      assert.ok(made.files.length > 1 && made.files.length <= most, `${made.files.length}, ${most}`)
      for (const { bytes } of made.files) assert.ok(bytes < 2 * target, `${bytes}`)
      await checkRows(made.output, format)
    }
  })

  test(`${format}: rowsPerFile is a limit`, async () => {
    const { files, output } = await write(uri => sink(uri, { rowsPerFile: 7000 }), {
      splitBytes: 1e9,
    })
    assert.equal(files.length, Math.ceil(ROWS / 7000))
    const [most] = await duck(
      `SELECT max(n)::INTEGER FROM (SELECT count(*) n FROM ${FORMATS[format].read}('${output}/*', filename = true) GROUP BY filename)`,
    )
    assert.deepEqual(most, [7000])
    await checkRows(output, format)
  })

  test(`${format}: a folder has ceil(bytes / target) files at most, whatever the tasks`, async () => {
    const target = 30_000
    const o = { partitionBy: ['key'], bytesPerFile: `${target}B` }
    const { files, output } = await write(uri => sink(uri, o))
    const folders = perFolder(files)
    assert.equal(folders.size, 13)
    for (const [name, list] of folders) {
      const total = list.reduce((sum, f) => sum + f.bytes, 0)
      assert.ok(list.length <= Math.ceil(total / target), `${name}: ${list.length} of ${total}`)
    }
    await checkRows(output, format)
  })

  test(`${format}: sortBy sorts each file`, async () => {
    const { output } = await write(uri => sink(uri, { sortBy: ['name', 'id'], rowsPerFile: 9000 }))
    const { rows } = await runRows(p => {
      const from = { parquet: parquet, csv, ndjson }[format] as typeof parquet
      return { all: p.read(from(output, Row)) }
    })
    const sorted = Array.from({ length: ROWS }, (_, i) => rowAt(i)).sort(
      (a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || a.id - b.id,
    )
    assert.deepEqual(
      rows.all.map(r => r.id),
      sorted.map(r => r.id),
    )
  })
}

for (const format of ['parquet', 'csv'] as const)
  test(`${format}: very many folders have one file each`, async () => {
    const sink = FORMATS[format].sink as (uri: string, o?: object) => Sink<string>
    const { files, output } = await write(uri => sink(uri, { partitionBy: ['name', 'key'] }), {
      operatorBytes: 1 << 20,
    })
    const pairs = new Set(Array.from({ length: ROWS }, (_, i) => i).map(i => pairOf(rowAt(i))))
    assert.ok(pairs.size > 1300, String(pairs.size))
    assert.equal(files.length, pairs.size)
    assert.equal(perFolder(files).size, pairs.size)
    await checkRows(output, format)
  })

test('the same bytes in the same files, whatever the batches and the memory', async () => {
  const o = { partitionBy: ['key'], sortBy: ['name'], bytesPerFile: '10000B' } as const
  const contents = async (options: Partial<RunOptions>) => {
    const { files, output } = await write(uri => parquet(uri, o), options)
    return files.map(f => [f.path, readFileSync(join(output, f.path)).toString('base64')])
  }
  const plain = await contents({})
  assert.ok(plain.length > 13)
  assert.deepEqual(await contents({ rowsPerBatch: 77, operatorBytes: 1 << 18 }), plain)
})
