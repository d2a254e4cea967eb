/** Which files an incremental source reads, run after run, on disk. */
import assert from 'node:assert/strict'
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import { csv } from '../csv/csv.ts'
import { ndjson } from '../ndjson/ndjson.ts'
import { parquet } from '../parquet/index.ts'
import { folderOf } from './testing/read-all.ts'

const Row = schema({ id: t.int32 })
const AT = Date.UTC(2024, 0, 31, 10)
const MIN = 60_000

test('a run reads what was changed after the mark, less the overlap', async context => {
  const folder = folderOf({})
  context.after(() => folder.remove())
  const put = (name: string, ms: number) => {
    writeFileSync(join(folder.path, name), 'id\n1\n')
    utimesSync(join(folder.path, name), ms / 1000, ms / 1000)
  }
  const source = csv(folder.path, Row, { incremental: { overlap: '5min' } })
  const run = async (since: string | null) => {
    // An interval of the past: when a file arrives says nothing of it.
    const interval = { start: 0, end: 1 }
    const { inputs, mark, splits } = await source.plan({ splitBytes: 2 ** 20, since, interval })
    assert.equal(splits.length, inputs.length)
    return { names: inputs.map(i => i.uri.slice(folder.path.length + 1)), mark }
  }
  put('a.csv', AT)
  put('b.csv', AT + 20 * MIN)
  const first = await run(null)
  assert.deepEqual(first, { names: ['a.csv', 'b.csv'], mark: '2024-01-31T10:20:00.000Z' })
  // Nothing is new: what lies in the overlap is read again, and the mark stays.
  assert.deepEqual(await run(first.mark ?? ''), { names: ['b.csv'], mark: first.mark })
  // A writer that was late by less than the overlap is found; what is older is not.
  put('late.csv', AT + 16 * MIN)
  put('lost.csv', AT + 14 * MIN)
  put('c.csv', AT + 30 * MIN)
  assert.deepEqual(await run(first.mark ?? ''), {
    names: ['b.csv', 'c.csv', 'late.csv'],
    mark: '2024-01-31T10:30:00.000Z',
  })
  // Much later nothing is left.
  const end = '2024-02-01T00:00:00.000Z'
  assert.deepEqual(await run(end), { names: [], mark: end })
})

test('each format has the option, and a mark of its own', () => {
  const o = { incremental: {} }
  const names = [csv('d', Row, o), ndjson('d', Row, o), parquet('d', Row, o)].map(s => s.markName)
  assert.deepEqual(names, ['csv d', 'ndjson d', 'parquet d'])
  assert.equal(csv('d', Row).markName, undefined)
})

test('a span that is none, and a mark that is none', async context => {
  assert.throws(
    () => csv('d', Row, { incremental: { overlap: 'soon' } }),
    (fault: Fault) => fault.kind === 'pipeline' && /option incremental.overlap/.test(fault.message),
  )
  const folder = folderOf({ 'a.csv': 'id\n1\n' })
  context.after(() => folder.remove())
  await assert.rejects(
    csv(folder.path, Row, { incremental: {} }).plan({ splitBytes: 1000, since: 'yesterday' }),
    (fault: Fault) => fault.kind === 'data' && /is no mark of files/.test(fault.message),
  )
})
