/**
 * Which packages a run imports, in any of its threads: none that it does not use. Arrow takes 0.1 s to
 * import and DuckDB 0.2, which a run that reads CSV and writes Parquet has no use for.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'millrace-loaded-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Writes down each module that a thread loads, with the thread. */
const listener = `
import { appendFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { threadId } from 'node:worker_threads'
registerHooks({
  load(url, context, next) {
    appendFileSync(process.env.LOADED, threadId + ' ' + url + '\\n')
    return next(url, context)
  },
})
`
const hook = join(folder, 'listen.mjs')
writeFileSync(hook, listener)
const input = join(folder, 'lines.csv')
const line = '536365,20495,TRINKET BOX,2,2010-12-01 08:00:00,7.95,16708,France'
const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
writeFileSync(input, `${header}\n${line}\n`)

/** By thread, what a pipeline's run loaded. */
function loaded(pipeline: string, args: readonly string[]): Map<string, string[]> {
  const list = join(folder, 'loaded.txt')
  writeFileSync(list, '')
  const conditions = ['--conditions=millrace-source', `--import=${pathToFileURL(hook)}`]
  const run = [join(root, 'cli/run-direct.ts'), pipeline, ...args, '--workers', '2']
  execFileSync(process.execPath, [...conditions, ...run], {
    env: { ...process.env, LOADED: list, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const threads = new Map<string, string[]>()
  for (const text of readFileSync(list, 'utf8').trim().split('\n')) {
    const [thread = '', url = ''] = text.split(' ')
    threads.set(thread, [...(threads.get(thread) ?? []), url])
  }
  return threads
}

const PACKAGE = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/
const packagesOf = (threads: Map<string, string[]>): string[] => {
  const names = [...threads.values()].flat().map(url => PACKAGE.exec(url)?.[1])
  return [...new Set(names.filter(name => name !== undefined))].sort()
}

test('CSV to Parquet: no package at all', () => {
  const threads = loaded(join(root, 'bench/pipelines/c-write.ts'), [
    ...['--input', input, '--output', join(folder, 'sales')],
  ])
  assert.deepEqual(packagesOf(threads), [])
  const slow = [...threads.values()].flat().filter(url => /^node:(crypto|https?)$/.test(url))
  assert.deepEqual(slow, [], 'modules that take each thread 10 ms and more')
  const imports = [...threads.values()].filter(urls => urls.some(u => u.endsWith('c-write.ts')))
  assert.ok(imports.length >= 2, 'the coordinator and a worker import the pipeline')
})

test('a table in DuckDB: DuckDB, and still no Arrow', () => {
  const module = join(folder, 'table.ts')
  const text = `
import { pipeline, schema, t } from ${JSON.stringify(join(root, 'transforms/index.ts'))}
import { table } from ${JSON.stringify(join(root, 'transforms/io/index.ts'))}
const Row = schema({ id: t.int32 })
export default pipeline({
  name: 'table',
  params: {},
  build(p) {
    p.create(Row, [{ id: 1 }]).write(table(${JSON.stringify(`duckdb:${join(folder, 'rows.duckdb')}`)}, 'rows', { mode: 'replace' }))
  },
})
`
  writeFileSync(module, text)
  const packages = packagesOf(loaded(module, []))
  assert.ok(packages.includes('@duckdb/node-api'), packages.join(' '))
  assert.ok(!packages.includes('apache-arrow'), packages.join(' '))
})
