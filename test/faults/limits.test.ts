/**
 * Inputs and settings that go past a limit: each has an error that says which limit, and how to raise
 * it, or becomes a reject; none takes the memory or the time that it asks for.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { schema, t } from 'millrace'
import { csv, ndjson, parquet } from 'millrace/io'
import type { AnySource } from '../../engine/io/source.ts'
import { readAll } from '../../transforms/io/files/testing/read-all.ts'
import { ParquetFile, readFooter } from '../../transforms/io/parquet/footer-read.ts'
import { footer } from '../../transforms/io/parquet/footer-write.ts'
import type { RowGroupMeta } from '../../transforms/io/parquet/format.ts'
import { parquetBytes } from '../fuzz/parquet-bytes.ts'
import { randomOf } from '../fuzz/random.ts'
import { runPipeline } from '../../engine/run/run.ts'
import { file, moduleOf, refused, reportOf, root, workFolder } from './command.ts'
import bulkyPipeline from './pipelines/bulky.ts'

const folder = workFolder('limits')
const Row = schema({ id: t.int32, note: t.utf8.nullable })
const refuses = (source: AnySource, message: RegExp, hint: RegExp) =>
  assert.rejects(readAll(source), { kind: 'data', message, hint } as never)

describe('a row', { concurrency: 1 }, () => {
  test('of a gigabyte is a reject, in little memory; the rows around it are read', async () => {
    const long = file(folder, 'long.csv', 'id,note\n1,a\n')
    truncateSync(long, 1e9)
    appendFileSync(long, '\n2,b\n')
    const { rows, rejects } = await readAll(csv(long, Row) as AnySource)
    assert.deepEqual(
      rows.map(r => r['id']),
      [1, 2],
    )
    assert.deepEqual(
      rejects.map(r => [r.reason, r.offset]),
      [['longer than a record may be', 12]],
    )
    assert.ok(process.resourceUsage().maxRSS < 600_000, `${process.resourceUsage().maxRSS} KB`)
  })

  test('of JSON that is longer than its option allows is a reject', async () => {
    const text = JSON.stringify({ id: 1, note: 'x'.repeat(5000) })
    const path = file(folder, 'long.ndjson', `${text}\n{"id":2}\n`)
    const read = (recordBytesMax: string) =>
      readAll(ndjson(path, Row, { recordBytesMax }) as AnySource)
    assert.deepEqual(
      (await read('1KB')).rejects.map(r => r.reason),
      ['longer than a record may be'],
    )
    assert.equal((await read('8KB')).rows.length, 2)
  })
})

test('columns of a header: the limit, its option, and no list of millions of names', async () => {
  const wide = file(folder, 'wide.csv', `${','.repeat(3_000_000)}\n`)
  const hint = /is the delimiter right\? where it is, raise option columnsMax/
  await refuses(
    csv(wide, Row) as AnySource,
    /^the header of .*wide\.csv has more than 100000 columns$/,
    hint,
  )
  const names = Array.from({ length: 50 }, (_, i) => `c${i}`).join(',')
  const some = file(folder, 'some.csv', `id,note,${names}\n`)
  const limited = (columnsMax: number) => csv(some, Row, { columnsMax }) as AnySource
  await refuses(limited(51), /has more than 51 columns/, hint)
  assert.deepEqual((await readAll(limited(52))).rows, [])
})

test('nesting of JSON: deeper is a reject that says so, also three million levels; the option raises it', async () => {
  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
  const line = (id: number, depth: number): string => `{"id":${id},"more":${nested(depth)}}\n`
  const path = file(folder, 'deep.ndjson', line(1, 1000) + line(2, 1001) + line(3, 3_000_000))
  const { rows, rejects } = await readAll(ndjson(path, Row) as AnySource)
  assert.deepEqual(
    rows.map(r => r['id']),
    [1],
  )
  assert.deepEqual(
    rejects.map(r => r.reason),
    ['nested more deeply than 1000', 'nested more deeply than 1000'],
  )
  const raised = await readAll(ndjson(path, Row, { nestingMax: 2000 }) as AnySource)
  assert.deepEqual(
    raised.rows.map(r => r['id']),
    [1, 2],
  )
  assert.throws(() => ndjson(path, Row, { nestingMax: 10 }), {
    kind: 'pipeline',
    message: /nestingMax: expected a whole number from 64/,
  })
})

describe('a decompression bomb', { concurrency: 1 }, () => {
  const head = Buffer.from('id,note\n')
  const zeros = Buffer.alloc(64 << 20)
  // Of many members: one is compressed once.
  const [gzipped, framed] = [gzipSync(zeros, { level: 9 }), zstdCompressSync(zeros)]
  const bombs = {
    gz: [gzipSync(head), ...Array.from({ length: 12 }, () => gzipped)],
    zst: [zstdCompressSync(head), ...Array.from({ length: 6 }, () => framed)],
  }
  for (const [extension, parts] of Object.entries(bombs))
    test(extension, async () => {
      const path = file(folder, `bomb.csv.${extension}`, Buffer.concat(parts))
      const said = /bomb\.csv\.\w+ grows to more than 500 times its size: \d+ MB come of \d+ bytes$/
      await refuses(csv(path, Row) as AnySource, said, /raise option inflateRatioMax/)
      const { rejects } = await readAll(csv(path, Row, { inflateRatioMax: 1e6 }) as AnySource)
      assert.deepEqual(
        rejects.map(r => r.reason),
        ['longer than a record may be'],
      )
      const lines = file(folder, `bomb.ndjson.${extension}`, Buffer.concat(parts.slice(1)))
      await refuses(
        ndjson(lines, Row) as AnySource,
        /grows to more than 500 times/,
        /inflateRatioMax/,
      )
    })
})

describe('a Parquet footer that claims', { concurrency: 1 }, () => {
  const Some = schema({ id: t.int32, f: t.float64 })
  const All = schema({
    id: t.int32,
    price: t.decimal(10, 2).nullable,
    note: t.utf8.nullable,
    f: t.float64,
  })
  type Chunk = RowGroupMeta['chunks'][number]
  const chunks = (g: RowGroupMeta, change: Partial<Chunk>) => ({
    ...g,
    chunks: g.chunks.map(c => ({ ...c, ...change })),
  })
  // biome-ignore format: a case a line
  const claims: Readonly<Record<string, (g: RowGroupMeta) => RowGroupMeta>> = {
    'five hundred billion rows': g => ({ ...chunks(g, { values: 2 ** 39 }), rows: 2 ** 39 }),
    'more rows than its columns have': g => ({ ...g, rows: g.rows + 1 }),
    'chunks beyond the file': g => chunks(g, { dataOffset: 2 ** 40, dictionaryOffset: null }),
    'chunks of a terabyte': g => chunks(g, { bytes: 2 ** 40 }),
    'another codec': g => chunks(g, { codec: 7 }),
  }
  const before = async (): Promise<{ body: Buffer; groups: readonly RowGroupMeta[] }> => {
    const whole = await parquetBytes(randomOf(1), 500)
    const input = new ParquetFile(file(folder, 'good.parquet', whole))
    const { groups } = readFooter(input)
    input.close()
    const length = whole.readUInt32LE(whole.length - 8)
    return { body: whole.subarray(0, whole.length - 8 - length), groups }
  }

  test('nothing wrong is read', async () => {
    const { body, groups } = await before()
    const path = file(folder, 'same.parquet', Buffer.concat([body, footer(All, groups)]))
    assert.equal((await readAll(parquet(path, Some) as AnySource)).rows.length, 500)
  })

  for (const [name, change] of Object.entries(claims))
    test(name, async () => {
      const { body, groups } = await before()
      const bytes = Buffer.concat([body, footer(All, groups.map(change))])
      const path = file(folder, 'claims.parquet', bytes)
      await assert.rejects(readAll(parquet(path, Some) as AnySource), {
        kind: 'data',
        message: /claims\.parquet/,
      } as never)
    })

  test('to be larger than the file', async () => {
    const bytes = Buffer.from(await parquetBytes(randomOf(1), 5))
    bytes.writeUInt32LE(0xfffffff0, bytes.length - 8)
    const path = file(folder, 'footer.parquet', bytes)
    await assert.rejects(readAll(parquet(path, Some) as AnySource), {
      kind: 'data',
      message: /it ends early/,
    } as never)
  })
})

const bulky = moduleOf('bulky.ts')
const input = file(
  folder,
  'bulky.csv',
  `id,text\n${Array.from({ length: 60_000 }, (_, i) => `${i},${Math.imul(i, 2654435761) >>> 0} ${Math.imul(i, 40503) >>> 0}\n`).join('')}`,
)
function words(
  name: string,
  ...more: string[]
): { words: string[]; output: string; scratch: string } {
  const [output, scratch] = [join(folder, name), join(folder, `${name}-scratch`)]
  for (const each of [output, scratch]) mkdirSync(each)
  const of = ['--input', input, '--output', output, '--scratch', scratch, '--memory', '16MB']
  return { words: [bulky, ...of, ...more], output, scratch }
}

test('spill space: past its limit the run fails and leaves nothing; where it suffices, it ends well', async () => {
  // The limit of the command is at least 16 MB; below it, in this process.
  const run = (spillBytesMax: number, name: string) => {
    const { output, scratch } = words(name)
    const params = { input, output, folders: true }
    const limits = { memoryBytes: 16e6, operatorBytes: 500_000, arenaBytes: 1e6, spillBytesMax }
    return runPipeline({ pipeline: bulkyPipeline, params, scratch, ...limits })
  }
  const { status, error } = await run(1e6, 'tight')
  assert.deepEqual([status, error?.kind], ['failed', 'resource'])
  assert.match(
    error?.message ?? '',
    /^spilled rows would take 1\.\d MB on disk, 1\.0 MB is all that they may$/,
  )
  assert.match(error?.hint ?? '', /--spill-limit, or .*--memory/)
  assert.deepEqual(readdirSync(join(folder, 'tight')), [])
  assert.deepEqual(readdirSync(join(folder, 'tight-scratch')), [])
  const wide = await run(50e6, 'wide')
  assert.equal(wide.status, 'done', String(wide.error?.message))
  assert.ok(wide.stages.some(s => s.spilledBytes > 1e6))
  await refused([...words('unit').words, '--spill-limit', '5'], {
    kind: 'pipeline',
    message: /--spill-limit 5 is too little/,
    code: 2,
  })
})

test('open files: 64 are enough for a run that spills and writes folders', async () => {
  const { words: of, output } = words('files', '--folders')
  const main = join(root, 'cli/main.ts')
  const run = [process.execPath, '--conditions=millrace-source', main, 'run', ...of, '--json']
  const child = spawn('bash', ['-c', 'ulimit -n 64; exec "$@"', 'bash', ...run], {
    cwd: root,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  })
  const answer = { out: '', err: '' }
  child.stdout.on('data', data => {
    answer.out += data
  })
  child.stderr.on('data', data => {
    answer.err += data
  })
  const [code, signal] = await once(child, 'close')
  const { status, error } = reportOf({ ...answer, code, signal })
  assert.equal(status, 'done', JSON.stringify(error))
  assert.ok(readdirSync(join(output, 'folders')).length > 5)
  assert.ok(readFileSync(join(output, 'ids', 'part-00000.ndjson')).length > 1e5)
})
