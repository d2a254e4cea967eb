/** How a join runs, by what its right side's files may take: told by `why`, and with the same rows. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { pipeline, schema, t } from '../../transforms/index.ts'
import { csv, ndjson, parquet } from '../../transforms/io/index.ts'
import type { Source } from '../io/source.ts'
import { buildPlan } from '../plan/build.ts'
import type { Definition } from '../plan/definition.ts'
import { is, type Node } from '../plan/node.ts'
import { runPipeline } from '../run/run.ts'
import { optimize } from './optimize.ts'
import { sized, sourceSizes } from './source-sizes.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-broadcast-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string) => join(folder, name)
const Side = schema({ id: t.int32, label: t.utf8.nullable })
const Row = schema({ id: t.int32, n: t.int32 })

const lines = (rows: number) => Array.from({ length: rows }, (_, i) => `${i},label ${i % 7}`)
writeFileSync(at('small.csv'), `id,label\n${lines(1000).join('\n')}\n`)
writeFileSync(at('small.csv.gz'), gzipSync(`id,label\n${lines(1000).join('\n')}\n`))
writeFileSync(at('large.csv'), `id,label\n${lines(300_000).join('\n')}\n`)
writeFileSync(
  at('small.ndjson'),
  Array.from({ length: 1000 }, (_, i) => `{"id":${i},"label":"label ${i % 7}"}\n`).join(''),
)

const joined = (side: Source<(typeof Side)['fields']>, kind: 'join' | 'fullJoin' = 'join') =>
  pipeline({
    name: 'joined',
    build(p) {
      const rows = p.create(
        Row,
        Array.from({ length: 500 }, (_, i) => ({ id: (i * 7) % 1200, n: i })),
      )
      const right = p.read(side).dropNulls('label')
      const result =
        kind === 'join' ? rows.join(right, { on: 'id' }) : rows.fullJoin(right, { on: 'id' })
      result.write(csv(at('out')))
    },
  })

function choice(definition: Definition): string {
  const built = buildPlan(definition, {}, { id: 'r', startedAt: 0 })
  const plan = optimize(sized(built, sourceSizes(built)))
  const node = plan.nodes.find(n => is(n, 'join')) as Node<'join'>
  return `${node.op.hint}: ${node.why}`
}

test('small files are held by each task; large, compressed and missing ones are exchanged', () => {
  const cases = {
    'small.csv': 'broadcast: the right side takes at most 1 MB',
    'large.csv': /^null: the right side may take \d+ MB, more than 16$/,
    'small.csv.gz': "null: the right side's size is not known before the run",
    'missing.csv': "null: the right side's size is not known before the run",
    '*.csv': /^null: the right side may take/,
  }
  for (const [name, expected] of Object.entries(cases)) {
    const told = choice(joined(csv(at(name), Side)) as Definition)
    if (typeof expected === 'string') assert.equal(told, expected, name)
    else assert.match(told, expected, name)
  }
  assert.match(choice(joined(ndjson(at('small.ndjson'), Side)) as Definition), /^broadcast: /)
  assert.match(
    choice(joined(csv(at('small.csv'), Side), 'fullJoin') as Definition),
    /^null: a full/,
  )
})

test('a join with a small file has the rows of one by hash', async () => {
  const rows = async (optimized: boolean) => {
    const report = await runPipeline({
      pipeline: joined(csv(at('small.csv'), Side)) as Definition,
      optimize: optimized,
      overwrite: true,
    })
    assert.equal(report.status, 'done', report.error?.message ?? 'no message')
    return { written: report.rows.written, stages: report.stages.length }
  }
  const held = await rows(true)
  const exchanged = await rows(false)
  assert.equal(held.written, exchanged.written)
  assert.ok(held.written > 0)
  assert.equal(held.stages, exchanged.stages - 1)
})

test('Parquet files say by their footers what they take, text by its pages', async () => {
  const written = pipeline({
    name: 'written',
    build(p) {
      p.read(csv(at('large.csv'), Side)).write(parquet(at('columns')))
    },
  })
  assert.equal((await runPipeline({ pipeline: written })).status, 'done')
  const side = parquet(at('columns'), Side)
  // 300,000 rows of 9 bytes, and seven texts.
  assert.match(choice(joined(side)), /^broadcast: the right side takes at most 3 MB$/)
  const bytes = side.bytesMax?.() ?? 0
  assert.ok(bytes > 300_000 * 9 && bytes < 300_000 * 11, `${bytes}`)
})
