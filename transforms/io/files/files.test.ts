/** Listing, sizes, and compressed files: whole, in several members, cut short, damaged, with something behind. */
import assert from 'node:assert/strict'
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { after, test } from 'node:test'
import * as stream from 'node:stream/promises'
import { crc32, createGzip, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib'
import { schema, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { Split } from '../../../engine/io/source.ts'
import { CsvFiles } from '../csv/source.ts'
import { parseBytes } from './bytes.ts'
import { listFiles } from './list.ts'
import { folderOf, readAll } from './testing/read-all.ts'

const folder = folderOf({
  'a.csv': 'x\n1\n',
  'b.csv': 'x\n2\n',
  _SUCCESS: '',
  '.hidden.csv': 'x\n',
  'c[1].csv': 'x\n3\n',
})
after(() => folder.remove())
mkdirSync(join(folder.path, 'sub/_tmp'), { recursive: true })
for (const name of ['sub/d.csv', 'sub/_tmp/e.csv', 'sub/f.tsv'])
  writeFileSync(join(folder.path, name), 'x\n4\n')

const list = (pattern: string) =>
  listFiles(join(folder.path, pattern)).map(f => f.path.slice(folder.path.length + 1))
const fault =
  (pattern: RegExp, kind = 'data') =>
  (e: unknown) => {
    assert.ok(e instanceof Fault, String(e))
    assert.equal(e.kind, kind)
    assert.match(e.render(), pattern)
    return true
  }

/** Null: nothing matches. */
const ofPattern = (pattern: string): string[] | null => {
  try {
    return listFiles(pattern).map(f => f.path)
  } catch (error) {
    assert.ok(error instanceof Fault && error.kind === 'data', String(error))
    return null
  }
}

test('paths, globs and folders', () => {
  assert.deepEqual(list('a.csv'), ['a.csv'])
  assert.deepEqual(list('*.csv'), ['a.csv', 'b.csv', 'c[1].csv'])
  assert.deepEqual(list(''), ['a.csv', 'b.csv', 'c[1].csv'])
  assert.deepEqual(list('c[1].csv'), ['c[1].csv'])
  assert.deepEqual(list('**/*.{csv,tsv}'), ['a.csv', 'b.csv', 'c[1].csv', 'sub/d.csv', 'sub/f.tsv'])
  assert.deepEqual(list('{a,sub/d}.csv'), ['a.csv', 'sub/d.csv'])
  assert.deepEqual(list('?.csv'), ['a.csv', 'b.csv'])
  // The same by Node's own glob, which braces lead to, and by what a simple pattern is spared it.
  for (const name of ['*', '*.c?v', 'a.c*', '?.*', '*c*', 'a*.csv', '*.[c]sv']) {
    const simple = ofPattern(join(folder.path, name))
    assert.deepEqual(simple, ofPattern(join(folder.path, `{${name},${name}}`)), name)
  }
  assert.deepEqual(list('.h*'), ['.hidden.csv'])
  const here = relative(process.cwd(), join(folder.path, 'sub'))
  assert.deepEqual(ofPattern(join(here, 'd.*')), ofPattern(join(here, '{d.*,d.*}')))
  const [file] = listFiles(`file://${folder.path}/a.csv`)
  assert.equal(file?.bytes, 4)
})

test('nothing matches', () => {
  assert.throws(
    () => list('aa.csv'),
    fault(/no file matches.*\n.*holds .*a\.csv[\s\S]*did you mean/),
  )
  assert.throws(() => list('sub/nowhere/*.csv'), fault(/sub\/? holds/))
  assert.throws(() => list('nowhere/deep/x.csv'), fault(/holds/))
  assert.throws(
    () => listFiles('s3://key:secret@bucket/x.csv'),
    fault(/s3 is not a file system/, 'pipeline'),
  )
  assert.throws(
    () => listFiles('s3://key:secret@bucket/x.csv'),
    (e: Error) => !String(e).includes('secret'),
  )
  const hinted = (uri: string, hint: RegExp) =>
    assert.throws(() => listFiles(uri), fault(hint, 'pipeline'))
  hinted('MongoDB://shop/orders', /hint {2}read a collection by mongo\(/)
  hinted('bigquery://shop.sales', /hint {2}tables are read and written by table\(/)
  hinted('ftp://shop/orders.csv', /hint {2}give a path.*gs:, s3: or https:/)
})

test('sizes', () => {
  assert.deepEqual(['256MB', '1.5 kB', '64KiB', '4096', '1g', '7B'].map(parseBytes), [
    2 ** 28,
    1536,
    65536,
    4096,
    2 ** 30,
    7,
  ])
  for (const bad of ['', '0', '-1MB', 'MB', '1 XB', '1e400'])
    assert.throws(() => parseBytes(bad), fault(/is not a size/, 'pipeline'))
})

const N = schema({ n: t.int32, s: t.utf8 })
const text = `n,s\n${Array.from({ length: 40_000 }, (_, i) => `${i},text ${i % 97}\n`).join('')}`
const half = text.indexOf('\n', text.length / 2) + 1

async function read(bytes: Uint8Array, name = 'z.csv') {
  const path = join(folder.path, 'sub', name)
  writeFileSync(path, bytes)
  return readAll(new CsvFiles(path, N, {}), { splitBytes: 1000 })
}

test('compressed files, by their bytes and not by their names', async () => {
  const plain = await read(Buffer.from(text))
  assert.equal(plain.rows.length, 40_000)
  const parts = [text.slice(0, half), text.slice(half)]
  const forms = [
    gzipSync(text),
    zstdCompressSync(text),
    Buffer.concat(parts.map(p => gzipSync(p))),
    Buffer.concat(parts.map(p => zstdCompressSync(p))),
    Buffer.concat([gzipSync(text), Buffer.alloc(512)]),
  ]
  for (const bytes of forms) {
    const got = await read(bytes)
    assert.equal(got.splits, 1)
    assert.deepEqual(got.rows, plain.rows)
    assert.deepEqual(got.offsets, plain.offsets)
  }
})

test('a compressed file is streamed: 200 MB of text pass through a few', async () => {
  const block = Buffer.from(text.slice(text.indexOf('\n') + 1))
  const copies = Math.ceil(2e8 / block.length)
  function* blocks() {
    yield Buffer.from('n,s\n')
    for (let i = 0; i < copies; i++) yield block
  }
  for (const packer of [createGzip({ level: 1 }), createZstdCompress()]) {
    const path = join(folder.path, 'sub', 'large.csv')
    await stream.pipeline(blocks, packer, createWriteStream(path))
    const source = new CsvFiles(path, N, {})
    const [split] = (await source.plan({ splitBytes: 1000 })).splits
    const wanted = [true, true]
    const o = { wanted, rowsPerBatch: 16_384, reject() {}, advance() {} }
    const reader = await source.open(split as Split, o)
    let rows = 0
    let held = 0
    const before = process.memoryUsage().rss
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
      rows += batch.selected
      held = Math.max(held, process.memoryUsage().rss - before)
    }
    await reader.close()
    assert.equal(rows, copies * 40_000)
    assert.ok(held < 80e6, `${packer.constructor.name}: ${held} bytes`)
  }
})

test('damaged compressed files', async () => {
  const gz = gzipSync(text)
  for (const cut of [gz.length - 1, gz.length - 9, gz.length >> 1, 12])
    await assert.rejects(read(gz.subarray(0, cut)), fault(/z\.csv is cut short.*at byte \d+/))
  await assert.rejects(
    read(Buffer.concat([gz, Buffer.from('rubbish')])),
    fault(/bytes after its gzip stream \(at byte \d+\)/),
  )
  const sum = Buffer.from(gz)
  sum.writeUInt32LE(crc32('else'), gz.length - 8)
  await assert.rejects(read(sum), fault(/does not match its checksum/))
  const zst = zstdCompressSync(text)
  await assert.rejects(
    read(zst.subarray(0, zst.length >> 1)),
    fault(/is cut short|is not valid zstd/),
  )
  await assert.rejects(read(Buffer.concat([zst, Buffer.from('rubbish')])), fault(/zstd/))
})

test('what is no text', async () => {
  await assert.rejects(read(Buffer.from('504b0304aabb', 'hex')), fault(/is a zip archive/))
  await assert.rejects(read(Buffer.from('\ufeffn,s\n', 'utf16le')), fault(/is UTF-16 text/))
  assert.deepEqual((await read(Buffer.from('n,s\n1,PAR1\n'))).rows, [{ n: 1, s: 'PAR1' }])
})

test('many distinct texts are kept without a dictionary', async () => {
  const rows = Array.from({ length: 50_000 }, (_, i) => ({ n: i, s: `${i}-${i * 7}` }))
  const got = await read(Buffer.from(`n,s\n${rows.map(r => `${r.n},${r.s}\n`).join('')}`))
  assert.deepEqual(got.rows, rows)
})
