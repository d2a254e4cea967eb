/** The README's pipeline, as it stands there: it type-checks, and gives the right answer on a small file. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { runPipeline } from '../../engine/run/run.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('the pipeline in the README type-checks and runs', async () => {
  const block = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1]
  assert.ok(block)
  const folder = mkdtempSync(join(root, 'test/docs/.readme-'))
  try {
    const module = join(folder, 'pipeline.ts')
    writeFileSync(module, block)
    const config = { extends: join(root, 'tsconfig.json'), files: [module], include: [] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { stdio: 'pipe' })
    const rows = [
      'invoiceNo,quantity,unitPrice,customerId,country',
      'a,2,1.005,7,France',
      'b,-1,1,7,France',
      'c,1,1,,Spain',
      'd,3,2,8,Spain',
      'e,x,2,8,Spain',
      '',
    ]
    writeFileSync(join(folder, 'in.csv'), rows.join('\n'))
    const output = join(folder, 'out')
    const report = await runPipeline({
      pipeline: module,
      params: { input: join(folder, 'in.csv'), output },
      workers: 1,
      maxRejects: 1,
    })
    assert.equal(report.status, 'done', JSON.stringify(report.error))
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const result = await connection.runAndReadAll(
      `SELECT country, revenue::VARCHAR, lines::INTEGER FROM '${output}/revenue/*.parquet' ORDER BY country`,
    )
    assert.deepEqual(result.getRows(), [
      ['France', '2.010', 1],
      ['Spain', '6.000', 1],
    ])
    const [reject] = readFileSync(join(output, 'rejects/part-00000.ndjson'), 'utf8')
      .trim()
      .split('\n')
    assert.match(reject ?? '', /"column":"quantity".*"line":6/)
    connection.closeSync()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
