/** Who may have a series or an interval: claims of the living, of the dead, and of other machines. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../fault.ts'
import type { Claim, KeyValues, RunOwner } from '../../io/ledger.ts'
import { startOf } from '../checkpoint/process-start.ts'
import { acquire, type LeaseTimes, UnfinishedInterval } from './claims.ts'
import { LedgerEntry } from './entry.ts'
import { LedgerFolder } from './folder.ts'
import { newestRuns } from './history.ts'
import { intervalName, recordName, seriesName } from './names.ts'
import { thisProcess } from '../checkpoint/owner.ts'
import { StateCell } from './state.ts'

const base = mkdtempSync(join(tmpdir(), 'millrace-claims-'))
after(() => rmSync(base, { recursive: true, force: true }))
const TIMES = { leaseMs: 400, renewMs: 40 }
const HOUR = 3_600_000
const hour = (n: number) => ({ start: n * HOUR, end: (n + 1) * HOUR })
let folders = 0
let ids = 0
const folder = (): LedgerFolder => new LedgerFolder(join(base, String(folders++)))

const claimOf = (owner: RunOwner, more: Partial<Claim> = {}): Claim => ({
  runId: 'other',
  record: 'runs/shop/x-other.json',
  interval: null,
  owner,
  until: Date.now() + TIMES.leaseMs,
  stage: 'running',
  marks: { before: {}, after: {} },
  ...more,
})
const elsewhere: RunOwner = { ...thisProcess(), host: 'another-machine' }
const dead: RunOwner = { ...thisProcess(), process: 2 ** 22 + 7, started: '1' }

const open: LedgerEntry[] = []
afterEach(async () => {
  for (const entry of open.splice(0))
    await entry.ended('failed', { step: {}, error: null, visible: false })
})

async function begin(
  values: LedgerFolder,
  o: {
    interval?: number
    exclusive?: boolean
    again?: boolean
    lost?: (f: Fault) => void
    times?: LeaseTimes
  } = {},
): Promise<LedgerEntry> {
  const { interval, exclusive = true, again = false, lost = () => {}, times = TIMES } = o
  const run = {
    runId: `run-${ids++}`,
    pipeline: 'shop',
    series: 's1',
    interval: interval === undefined ? null : hour(interval),
    params: {},
    fingerprint: 'f',
    startedAt: Date.now(),
  }
  const entry = await LedgerEntry.begin({ values, run, exclusive, again, lost, times })
  open.push(entry)
  return entry
}

async function leave(values: LedgerFolder, claim: Claim): Promise<StateCell> {
  const cell = new StateCell(values, seriesName('shop', 's1'))
  await cell.read()
  assert.ok(await cell.change(() => ({ claim })))
  return cell
}
const isBusy = (error: unknown): boolean => {
  assert.ok(error instanceof Fault && error.kind === 'resource', String(error))
  assert.match(error.message, /is being run already/)
  return true
}

test('a run of a living process is respected, its own and another', async () => {
  const values = folder()
  const first = await begin(values)
  await assert.rejects(begin(values), isBusy)
  await first.ended('failed', { step: {}, error: null, visible: false })
  const child = spawn('sleep', ['60'])
  try {
    const pid = child.pid as number
    await leave(values, claimOf({ ...thisProcess(), process: pid, started: startOf(pid) ?? '' }))
    // However long ago it was renewed.
    await leave(
      values,
      claimOf({ ...thisProcess(), process: pid, started: startOf(pid) ?? '' }, { until: 0 }),
    )
    await assert.rejects(begin(values), isBusy)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  await begin(values)
})

test('a dead process’s claim is taken over at once; one of a number that another process has now, too', async () => {
  for (const owner of [
    dead,
    { ...thisProcess(), started: '1' },
    { ...thisProcess(), boot: 'before' },
  ]) {
    const values = folder()
    await leave(values, claimOf(owner))
    const entry = await begin(values)
    assert.equal(entry.retaken, false, 'it had published nothing')
  }
})

test('another machine’s claim: respected until its time, and after it while it is renewed', async () => {
  const values = folder()
  await leave(values, claimOf(elsewhere))
  await assert.rejects(begin(values), isBusy)
  // This machine's clock is ahead: to it the claim is long over, but its owner goes on renewing it.
  const cell = await leave(values, claimOf(elsewhere, { until: Date.now() - HOUR }))
  let renewing = true
  const renew = (async () => {
    while (renewing) {
      await sleep(TIMES.renewMs)
      await cell.change(({ claim }) => ({ claim }))
    }
  })()
  try {
    // It is looked at for so long that even on a busy machine a renewal comes.
    await assert.rejects(begin(values, { times: { leaseMs: 20_000, renewMs: 2000 } }), isBusy)
  } finally {
    renewing = false
    await renew
  }
  await begin(values)
})

test('a claim of a clock that is years ahead does not hold for years', async () => {
  const values = folder()
  const far = { until: Date.now() + 24 * 365 * HOUR }
  await leave(values, claimOf(elsewhere, far))
  await begin(values)
})

test('a container that numbers its processes anew is another machine', async () => {
  const values = folder()
  await leave(values, claimOf({ ...dead, space: 'pid:[1]' }))
  await assert.rejects(begin(values), isBusy)
})

test('of many that take over a dead claim at once one has it', async () => {
  for (let round = 0; round < 5; round++) {
    const values = folder()
    await leave(values, claimOf(dead))
    const tries = Array.from({ length: 8 }, () => begin(values, { interval: 1 }))
    const settled = await Promise.allSettled(tries)
    assert.equal(settled.filter(s => s.status === 'fulfilled').length, 1)
    for (const s of settled) if (s.status === 'rejected') assert.ok(isBusy(s.reason))
  }
})

/** Comes true, on however busy a machine. */
async function eventually(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(TIMES.renewMs)
}

test('a run renews its claim; one that lost it cannot publish', async () => {
  const values = folder()
  const lost: Fault[] = []
  const entry = await begin(values, { interval: 3, lost: fault => lost.push(fault) })
  const cell = new StateCell(values, seriesName('shop', 's1'))
  const { until } = (await cell.read()).claim as Claim
  await eventually(async () => ((await cell.read()).claim as Claim).until > until)
  // Another machine takes it over, as this one had been asleep.
  for (;;) {
    await cell.read()
    if (await cell.change(() => ({ claim: claimOf(elsewhere) }))) break
  }
  // The next renewal sees it.
  await eventually(async () => lost.length > 0)
  await assert.rejects(entry.publishing({}), /was taken over by another run/)
  assert.equal((await cell.read()).claim?.runId, 'other')
})

test('an interval that was being published comes before others of its series', async () => {
  const values = folder()
  const marks = { before: { log: '5' }, after: { log: '9' } }
  const left = claimOf(dead, { interval: hour(7), stage: 'publishing', marks })
  await leave(values, left)
  await assert.rejects(begin(values, { interval: 8 }), error => {
    assert.ok(error instanceof UnfinishedInterval)
    assert.deepEqual(error.interval, hour(7))
    assert.match(error.hint ?? '', /--interval 1970-01-01T07:00Z/)
    return true
  })
  const cell = new StateCell(values, seriesName('shop', 's1'))
  assert.deepEqual((await cell.read()).claim, left, 'it is as it was left')
  const entry = await begin(values, { interval: 7 })
  assert.ok(entry.retaken)
  assert.equal(entry.since('log'), '5')
  // It fails in its turn: what the first one left is still to be completed.
  await entry.ended('failed', { step: {}, error: null, visible: false })
  await assert.rejects(begin(values, { interval: 8 }), UnfinishedInterval)
  assert.ok((await begin(values, { interval: 8, again: true })).retaken)
})

test('published, and dead before it had all written down: the next run does that first', async () => {
  const values = folder()
  const entry = await begin(values, { interval: 4 })
  const record = entry.record
  await entry.ended('failed', { step: {}, error: null, visible: false })
  const marks = { before: {}, after: { log: '9' } }
  const name = recordName('shop', record.startedAt, record.runId)
  const cell = await leave(values, claimOf(dead))
  const claim = claimOf(dead, {
    runId: record.runId,
    record: name,
    interval: hour(4),
    stage: 'published',
    marks,
  })
  const published = {
    runId: record.runId,
    record: name,
    interval: hour(4),
    at: 77,
    fingerprint: 'f',
    inputs: 'i',
    marksBefore: {},
  }
  await cell.change(() => ({ claim, marks: marks.after, published }))
  const next = await begin(values, { interval: 5 })
  assert.equal(next.since('log'), '9')
  assert.equal(next.retaken, false)
  const interval = new StateCell(values, intervalName('shop', 's1', hour(4)))
  assert.equal((await interval.read()).published?.runId, record.runId)
  const runs = await newestRuns(values, { pipeline: 'shop', limit: 9 })
  const settled = runs.find(r => r.record.runId === record.runId)
  assert.equal(settled?.status, 'published')
  assert.deepEqual(settled?.record.marks, marks)
  await next.ended('failed', { step: {}, error: null, visible: false })
  assert.equal((await begin(values, { interval: 4 })).already?.runId, record.runId)
})

test('published, and dead before its claim was given back: the same interval again does that', async () => {
  const values = folder()
  const entry = await begin(values, { interval: 4 })
  await entry.publishing({ rows: { read: 7, written: 7 } })
  const { runId, startedAt } = entry.record
  await entry.published({})
  // As it was before the last two writes, of a process that is gone.
  const name = recordName('shop', startedAt, runId)
  const record = { ...entry.record, status: 'publishing', endedAt: null, owner: dead }
  await values.put(name, Buffer.from(JSON.stringify(record)))
  const marks = { before: {}, after: {} }
  const claim = claimOf(dead, { runId, record: name, interval: hour(4), stage: 'published', marks })
  const cell = await leave(values, claim)
  assert.equal((await begin(values, { interval: 4 })).already?.runId, runId)
  assert.equal((await cell.read()).claim, null)
  const [run] = await newestRuns(values, { pipeline: 'shop', limit: 1 })
  assert.deepEqual([run?.status, run?.record.rows.written], ['published', 7])
})

test('intervals of a series without marks do not wait for one another; one interval does', async () => {
  const values = folder()
  await begin(values, { interval: 1, exclusive: false })
  await begin(values, { interval: 2, exclusive: false })
  await assert.rejects(begin(values, { interval: 1, exclusive: false }), isBusy)
})

test('a write whose answer was lost is known; a state that is none is told', async () => {
  const values = folder()
  let failing = true
  const flaky: KeyValues = {
    uri: 'x',
    get: name => values.get(name),
    put: (name, bytes) => values.put(name, bytes),
    list: prefix => values.list(prefix),
    async swap(name, bytes, over) {
      const version = await values.swap(name, bytes, over)
      if (failing) throw new Fault('resource', 'the answer was lost')
      return version
    },
  }
  const cell = new StateCell(flaky, seriesName('shop', 's1'))
  await cell.read()
  await assert.rejects(
    cell.change(() => ({ claim: claimOf(thisProcess()) })),
    /answer was lost/,
  )
  failing = false
  assert.ok(await cell.change(() => ({ marks: { log: '1' } })))
  assert.deepEqual(
    [cell.state.marks, cell.claim?.runId],
    [{ log: '1' }, 'other'],
    'both were written',
  )
  await values.swap(seriesName('shop', 's2'), Buffer.from('{"format":2}'), null)
  await assert.rejects(
    new StateCell(values, seriesName('shop', 's2')).read(),
    /is not one of this version/,
  )
  await values.swap(seriesName('shop', 's3'), Buffer.from('{"form'), null)
  await assert.rejects(
    new StateCell(values, seriesName('shop', 's3')).read(),
    /is not one of this version/,
  )
})

test('claims of one cell by many processes at once', async () => {
  const values = folder()
  const name = seriesName('shop', 's9')
  const tries = Array.from({ length: 10 }, async (_, i) => {
    const cell = new StateCell(values, name)
    const claim = claimOf(thisProcess(), { runId: `r${i}` })
    await acquire(cell, { claim, what: 'x', times: TIMES, accept() {}, sure: false })
    return cell.claim?.runId
  })
  const done = (await Promise.allSettled(tries)).filter(s => s.status === 'fulfilled')
  assert.equal(done.length, 1)
})
