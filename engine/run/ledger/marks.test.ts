/** Runs in this process with a ledger: marks move with the publication, and an interval is published once. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Entry, logSource } from '../../../test/faults/pipelines/log-source.ts'
import { collectSink, readRows } from '../../../testing/collect.ts'
import { param, pipeline, schema, t } from '../../../transforms/index.ts'
import { csv } from '../../../transforms/io/index.ts'
import type { Sink } from '../../../transforms/write.ts'
import type { KeyValues, LedgerState, RunRecord } from '../../io/ledger.ts'
import type { AnySource } from '../../io/source.ts'
import type { RunOptions } from '../options.ts'
import type { RunReport } from '../report.ts'
import { runPipeline } from '../run.ts'
import { LedgerFolder } from './folder.ts'
import { newestRuns } from './history.ts'

const base = mkdtempSync(join(tmpdir(), 'millrace-marks-'))
after(() => rmSync(base, { recursive: true, force: true }))
const HOUR = 3_600_000
const START = Date.UTC(2026, 10, 20)

interface Setting {
  readonly log: string
  readonly out: string
  readonly values: KeyValues
  run(o?: Partial<RunOptions> & { fails?: boolean; over?: boolean }): Promise<RunReport>
  ids(): number[]
  state(): Promise<LedgerState>
  records(): Promise<RunRecord[]>
}

let settings = 0

/** A pipeline of its own over a log, with a ledger of its own. */
function setting(
  o: { every?: 'hour'; skipIf?: 'noNewData'; twice?: boolean; csv?: string } = {},
): Setting {
  const folder = join(base, `s${settings++}`)
  const [log, out] = [`${folder}.log`, join(folder, 'out')]
  writeFileSync(log, '')
  const values = new LedgerFolder(join(folder, 'ledger'))
  const records = async () =>
    (await newestRuns(values, { pipeline: null, limit: 100 })).map(r => r.record)
  let fails = false
  const definition = pipeline({
    name: 'Läden',
    ...(o.every && { every: o.every }),
    ...(o.skipIf && { skipIf: o.skipIf }),
    params: { log: param.uri(log) },
    build(p, a) {
      const rows = p.read(logSource(a.log) as AnySource)
      if (o.twice) p.read(logSource(a.log, 'other') as AnySource).write(sink(`${out}-2`))
      if (o.csv) p.read(csv(o.csv, schema({ a: t.int32 }))).write(sink(`${out}-csv`))
      rows
        .map(Entry, r => {
          if (fails) throw new Error('not today')
          return r as { at: number; id: number }
        })
        .write(sink(out))
    },
  })
  return {
    log,
    out,
    values,
    run(wish = {}) {
      fails = wish.fails === true
      return runPipeline({ pipeline: definition, ledger: values, overwrite: true, ...wish })
    },
    ids: () =>
      existsSync(out)
        ? readdirSync(out).flatMap(file => readRows(join(out, file)).map(r => r['id'] as number))
        : [],
    async state() {
      const [name = ''] = (await Array.fromAsync(values.list('series/'))).flat()
      return JSON.parse(Buffer.from((await values.get(name))?.bytes ?? []).toString())
    },
    records,
  }
}
const sink = (folder: string): Sink<never> => collectSink(folder) as unknown as Sink<never>
const good = (report: RunReport, status: RunReport['status'] = 'done'): RunReport => {
  assert.equal(report.status, status, JSON.stringify(report.error))
  return report
}

test('a run reads from the mark of the last published one; a failed one moves nothing', async () => {
  const s = setting()
  appendFileSync(s.log, '1 1\n2 2\n')
  good(await s.run())
  assert.deepEqual(s.ids(), [1, 2])
  appendFileSync(s.log, '3 3\n')
  good(await s.run({ fails: true }), 'failed')
  assert.deepEqual(Object.values((await s.state()).marks), ['2'])
  assert.equal((await s.state()).claim, null)
  good(await s.run())
  assert.deepEqual(s.ids(), [3])
  assert.deepEqual(Object.values((await s.state()).marks), ['3'])
  const records = await s.records()
  assert.deepEqual(
    records.map(r => r.status),
    ['published', 'failed', 'published'],
  )
  assert.deepEqual(records[0]?.marks, {
    before: { [`log ${s.log}`]: '2' },
    after: { [`log ${s.log}`]: '3' },
  })
  assert.match(records[1]?.error?.message ?? '', /not today/)
  assert.equal(records[0]?.inputs?.count, 1)
  assert.deepEqual(
    records[0]?.outputs.map(x => x.rows),
    [1],
  )
})

test('a preview reads from the beginning and touches no ledger', async () => {
  const s = setting()
  appendFileSync(s.log, '1 1\n')
  good(await s.run({ limit: 5 }))
  assert.deepEqual(await s.records(), [])
})

test('nothing new: the run is skipped, and the ledger says so', async () => {
  const rows = join(base, 'rows.csv')
  writeFileSync(rows, 'a\n1\n')
  const s = setting({ skipIf: 'noNewData', csv: rows })
  appendFileSync(s.log, '1 1\n')
  good(await s.run())
  const skipped = good(await s.run(), 'skipped')
  assert.equal(skipped.skippedAs, 'no new data')
  assert.deepEqual(
    (await s.records()).map(r => r.status),
    ['skipped', 'published'],
  )
  assert.equal((await s.state()).claim, null)
  appendFileSync(s.log, '2 2\n')
  good(await s.run())
  assert.deepEqual(s.ids(), [2])
  // A source that has no mark counts too: its file is another one.
  writeFileSync(rows, 'a\n1\n2\n')
  good(await s.run())
  good(await s.run(), 'skipped')
})

test('an interval is published once, again only when it is asked for, with the marks that it had', async () => {
  const s = setting({ every: 'hour' })
  appendFileSync(s.log, `${START + 1} 1\n${START + HOUR + 1} 2\n${START + 2 * HOUR + 1} 3\n`)
  good(await s.run({ interval: START }))
  assert.deepEqual(s.ids(), [1])
  good(await s.run({ interval: START + HOUR }))
  assert.deepEqual(s.ids(), [2])
  const before = await s.state()
  const once = good(await s.run({ interval: START }), 'skipped')
  assert.equal(once.skippedAs, 'already published')
  assert.match(once.notes.join(), /was published by run [0-9a-f]{16} at .*; --again/)
  good(await s.run({ interval: START, again: true }))
  assert.deepEqual(s.ids(), [1], 'it reads what it had read')
  assert.deepEqual((await s.state()).marks, before.marks, 'marks do not go back')
  good(await s.run({ interval: START + 2 * HOUR }))
  assert.deepEqual(s.ids(), [3])
})

test('a source that is read twice from its mark on is refused', async () => {
  const { error } = good(await setting({ twice: true }).run(), 'failed')
  assert.match(error?.message ?? '', /is read twice from its mark on/)
})

test('no ledger where one is needed; no interval where there are none', async () => {
  const { error } = good(await setting().run({ ledger: 'none' }), 'failed')
  assert.match(error?.message ?? '', /cannot run without a ledger/)
  await assert.rejects(setting().run({ interval: START }), /has no intervals/)
  await assert.rejects(
    setting({ every: 'hour' }).run({ interval: START + 1 }),
    /no interval begins/,
  )
})

/** A ledger that hands all on to another. */
const passingTo = (values: KeyValues): KeyValues => ({
  uri: 'x',
  get: name => values.get(name),
  list: prefix => values.list(prefix),
  put: (name, bytes) => values.put(name, bytes),
  swap: (name, bytes, over) => values.swap(name, bytes, over),
})

test('a ledger that cannot be written fails the run before it publishes', async () => {
  for (const failing of ['put', 'swap'] as const) {
    const s = setting()
    appendFileSync(s.log, '1 1\n')
    let writes = 0
    const values: KeyValues = {
      ...passingTo(s.values),
      put: async (name, bytes) => {
        if (failing === 'put') throw new Error('put is refused')
        return s.values.put(name, bytes)
      },
      swap: async (name, bytes, over) => {
        // The claim is had; what is written ahead is refused.
        if (failing === 'swap' && ++writes === 2) throw new Error('swap is refused')
        return s.values.swap(name, bytes, over)
      },
    }
    const { error } = good(await s.run({ ledger: values }), 'failed')
    assert.match(error?.message ?? '', new RegExp(`${failing} is refused`))
    assert.deepEqual(s.ids(), [], 'it has published')
    // What it had claimed it gave back.
    good(await s.run())
  }
})

test('published, and the ledger not told: a rerun completes it, with the same rows', async () => {
  const s = setting()
  appendFileSync(s.log, '1 1\n')
  let writes = 0
  const values: KeyValues = {
    ...passingTo(s.values),
    swap: async (name, bytes, over) => {
      if (++writes === 3) throw new Error('the network is gone')
      return s.values.swap(name, bytes, over)
    },
  }
  good(await s.run({ ledger: values }), 'failed')
  assert.deepEqual(s.ids(), [1], 'it was published')
  assert.deepEqual((await s.state()).marks, {})
  assert.equal((await s.state()).claim?.stage, 'publishing')
  // Not told to overwrite: it may replace what the unfinished one had published.
  good(await s.run({ overwrite: false }))
  assert.deepEqual(s.ids(), [1])
  assert.deepEqual(Object.values((await s.state()).marks), ['1'])
})

test('records are this user’s, and have no secret', async () => {
  const s = setting()
  const secret = pipeline({
    name: 'secret',
    params: { key: param.secret(), uri: param.uri() },
    build(p) {
      p.create(schema({ a: t.int32 }), [{ a: 1 }]).write(sink(join(base, 'secret')))
    },
  })
  const params = { key: 'geheim-1', uri: 'https://u:geheim-2@h/x?token=geheim-3&a=1' }
  good(await runPipeline({ pipeline: secret, params, ledger: s.values, overwrite: true }))
  const [name = ''] = (await Array.fromAsync(s.values.list('runs/'))).flat()
  const text = readFileSync(join(s.values.uri, name), 'utf8')
  assert.match(text, /https:\/\/\*\*\*@h/)
  assert.doesNotMatch(text, /geheim/)
})
