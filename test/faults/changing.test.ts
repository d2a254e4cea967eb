/**
 * A source file that shrinks, grows, disappears or is written to while it is read: whatever the format
 * and whatever the reader makes of it, the run fails with a `data` fault that says how the file changed,
 * and nothing becomes visible.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { pipeline, schema, t } from 'millrace'
import { parquet } from 'millrace/io'
import { runPipeline } from '../../engine/run/run.ts'
import { moduleOf, root, workFolder } from './command.ts'
import changing from './pipelines/changing.ts'

const folder = workFolder('changing')
const ROWS = 20_000
const ids = Array.from({ length: ROWS }, (_, i) => i)
const text = (i: number): string => `text ${Math.imul(i, 2654435761) >>> 0}`
const lines = `id,text\n${ids.map(i => `${i},${text(i)}\n`).join('')}`
const objects = ids.map(i => `${JSON.stringify({ id: i, text: text(i) })}\n`).join('')
const made = new Map<string, Uint8Array | string>([
  ['csv', lines],
  ['csv.gz', gzipSync(lines)],
  ['csv.zst', zstdCompressSync(lines)],
  ['ndjson', objects],
  ['ndjson.gz', gzipSync(objects)],
])

before(async () => {
  const Row = schema({ id: t.int32, text: t.utf8 })
  const definition = pipeline({
    name: 'make',
    params: {},
    build(p) {
      const rows = p.create(
        Row,
        ids.map(id => ({ id, text: text(id) })),
      )
      rows.write(parquet(join(folder, 'made')))
    },
  })
  const { error } = await runPipeline({ pipeline: definition, rowsPerBatch: 4096 })
  assert.equal(error, undefined)
})

const SAID: Readonly<Record<string, RegExp>> = {
  shrink: /: it became shorter, \d+ to \d+ bytes, while it was read$/,
  empty: /: it became shorter, \d+ to 0 bytes, while it was read$/,
  grow: /: it became longer, \d+ to \d+ bytes, while it was read$/,
  remove: /: it is gone, while it was read$/,
  replace: /: it was written to, while it was read$/,
  touch: /: it was written to, while it was read$/,
}

/** In this thread, or in a worker's: what is read and asked is the same, threads only take their time to start. */
async function run(extension: string, mode: string, threads = false) {
  const base = join(folder, `${extension}-${mode}`)
  mkdirSync(base)
  const [input, output] = [join(base, `in.${extension}`), join(base, 'out')]
  mkdirSync(output)
  writeFileSync(input, made.get(extension) ?? readFileSync(join(folder, 'made/part-00000.parquet')))
  const report = await runPipeline({
    pipeline: threads ? join(root, moduleOf('changing.ts')) : changing,
    params: { mode, format: extension.replace(/\..*/, ''), input, output },
    workers: 2,
    splitBytes: 100_000,
    rowsPerBatch: 1000,
  })
  return { report, output }
}

for (const extension of [...made.keys(), 'parquet'])
  describe(extension, { concurrency: 1 }, () => {
    test('left alone, it is read', async () => {
      const { report } = await run(extension, 'alone')
      assert.equal(report.status, 'done', String(report.error?.message))
      assert.deepEqual([report.rows.read, report.rows.rejected], [ROWS, 0])
    })
    for (const [mode, said] of Object.entries(SAID))
      test(mode, async () => {
        const { report, output } = await run(extension, mode, mode === 'shrink')
        const { status, error } = report
        assert.deepEqual([status, error?.kind], ['failed', 'data'], String(error?.message))
        assert.match(error?.message ?? '', said)
        assert.match(error?.at ?? '', /changing\.ts:\d+ {2}\.read$/)
        assert.match(error?.hint ?? '', /run it again once nobody writes/)
        assert.deepEqual(readdirSync(output), [])
      })
  })
