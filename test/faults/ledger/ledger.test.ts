/** Commands that share a ledger: two at once, some that are killed, and what they are told. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunReport } from '../../../engine/run/report.ts'
import { newestRuns } from '../../../engine/run/ledger/history.ts'
import { command, refused, reportOf, start, workFolder } from '../command.ts'
import { killed, killSeed } from './kill.ts'
import { checkWhole, ledgerOf, type Place, placeAt, words } from './place.ts'

const folder = workFolder('run-ledger')

/** Leaves a claim as of a process that was killed between writing ahead and writing down. */
async function killedInPublication(place: Place): Promise<void> {
  for (let at = 1; at < 40; at++) {
    if (!(await killed(place, { at, after: 0, one: 0 }))) placeAt(place.folder, place.hours)
    const [name] = (await Array.fromAsync(ledgerOf(place).list('series/'))).flat()
    const kept = name === undefined ? null : await ledgerOf(place).get(name)
    const { claim = null } = kept === null ? {} : JSON.parse(Buffer.from(kept.bytes).toString())
    if (claim?.stage === 'publishing') return
  }
  assert.fail('no kill met the publication')
}

const reportsOf = (out: string): RunReport[] =>
  out
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))

test('two commands of one interval at once: one publishes, the other is told why not', async () => {
  const place = placeAt(join(folder, 'race'), 1)
  const both = [start(words(place, 0, '--slow', '10')), start(words(place, 0, '--slow', '10'))]
  const answers = await Promise.all(both.map(run => run.ended))
  const codes = answers.map(a => a.code).sort()
  const [won] = answers.filter(a => a.code === 0)
  const [lost] = answers.filter(a => a.code !== 0)
  assert.deepEqual(codes, [0, 1], answers.map(a => a.err).join('\n'))
  assert.equal(reportOf(won as NonNullable<typeof won>).status, 'done')
  assert.match(lost?.err ?? '', /resource: pipeline increments is being run already for interval/)
  assert.match(lost?.err ?? '', /run {2}[0-9a-f]{16}, process \d+ on /)
  await checkWhole(place)
})

test('a backfill: a line a run; again, nothing is done', async () => {
  const place = placeAt(join(folder, 'backfill'), 3)
  const first = await command(...words(place, null))
  assert.equal(first.code, 0, first.err)
  assert.deepEqual(
    reportsOf(first.out).map(r => [r.status, r.rows.read]),
    [
      ['done', 40],
      ['done', 40],
      ['done', 40],
    ],
  )
  await checkWhole(place)
  const again = await command(...words(place, null))
  assert.deepEqual(
    reportsOf(again.out).map(r => r.skippedAs),
    Array(3).fill('already published'),
  )
  assert.equal(again.code, 0)
  await checkWhole(place)
  const runs = await newestRuns(ledgerOf(place), { pipeline: 'increments', limit: 10 })
  assert.equal(runs.length, 3, 'what is skipped as published has no record of its own')
})

test('a backfill stops where a run fails, and goes on from there', async () => {
  const place = placeAt(join(folder, 'stops'), 3)
  const blocked = join(place.folder, 'out', '2026-11-20T01')
  mkdirSync(join(blocked, 'other'), { recursive: true })
  const first = await command(...words(place, null))
  assert.equal(first.code, 1)
  assert.deepEqual(
    reportsOf(first.out).map(r => r.status),
    ['done', 'failed'],
  )
  assert.match(first.err, /output .* exists/)
  const next = await command(...words(place, null, '--overwrite'))
  assert.equal(next.code, 0, next.err)
  await checkWhole(place)
})

describe('kill -9', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  for (const seed of [1, 2, 3, 4])
    test(`seed ${seed}: every row once after a plain rerun`, async () => {
      await killSeed(join(folder, 'kill'), seed)
    })
})

test('an interval that died while it was published is run first, and named', async () => {
  const place = placeAt(join(folder, 'first'), 2)
  await killedInPublication(place)
  const next = await command(...words(place, 1))
  assert.equal(next.code, 0, next.err)
  const reports = reportsOf(next.out)
  assert.deepEqual(
    reports.map(r => [r.status, new Date(r.interval?.start ?? 0).getUTCHours()]),
    [
      ['done', 0],
      ['done', 1],
    ],
  )
  await checkWhole(place)
})

test('runs of a killed command are shown as died', async () => {
  const place = placeAt(join(folder, 'died'), 1)
  const { child, ended } = start(words(place, 0, '--slow', '500'))
  const begun = async () => (await newestRuns(ledgerOf(place), { pipeline: null, limit: 1 })).length
  while ((await begun()) === 0) await sleep(50)
  process.kill(-(child.pid as number), 'SIGKILL')
  await ended
  const { out } = await command('runs', '--ledger', ledgerOf(place).uri)
  assert.match(out, /increments +2026-11-20T00:00Z +died/)
})

test('runs show: all that is known of one, by the start of its id', async () => {
  const place = placeAt(join(folder, 'show'), 1)
  assert.equal((await command(...words(place, 0))).code, 0)
  const ledger = ['--ledger', ledgerOf(place).uri]
  const [run] = await newestRuns(ledgerOf(place), { pipeline: null, limit: 1 })
  const { out, code } = await command(
    'runs',
    'show',
    run?.record.runId.slice(0, 8) ?? '',
    ...ledger,
  )
  assert.equal(code, 0)
  for (const text of [
    /status +published/,
    /40 read, 120 written/,
    /lines {2}40 rows, load [0-9a-f]{64}/,
  ])
    assert.match(out, text)
  assert.match(out, /marks\n {2}log .* {2}the beginning → \d+/)
  const [file, lines] = run?.record.outputs.toReversed() ?? []
  assert.match(file?.checksum ?? '', /^[0-9a-f]{64}$/)
  assert.equal(lines?.checksum, undefined, 'a table has the id of its load')
  const again = await command(...words(place, 0, '--again'))
  assert.equal(again.code, 0)
  const [other] = await newestRuns(ledgerOf(place), { pipeline: null, limit: 1 })
  assert.deepEqual(other?.record.outputs, run?.record.outputs, 'the same rows, the same checksums')
  const listed = JSON.parse((await command('runs', 'increments', '--json', ...ledger)).out)
  assert.deepEqual(
    listed[0].outputs.map((o: { rows: number }) => o.rows),
    [40, 40, 40],
  )
})

test('explain builds for an interval too', async () => {
  const place = placeAt(join(folder, 'explain'), 1)
  const given = words(place, 0).map(word => (word === 'run' ? 'explain' : word))
  const { code, out, err } = await command(...given)
  assert.equal(code, 0, err)
  assert.match(out, /write parquet .*2026-11-20T00/)
})

describe('told what is wrong', () => {
  const place = placeAt(join(folder, 'wrong'), 2)
  const run = (...more: string[]) => words(place, null, ...more).slice(1, -5)
  test('no interval begins then', async () => {
    await refused([...run(), '--interval', '2026-11-20T00:30Z'], {
      kind: 'pipeline',
      message: /no interval begins at 2026-11-20T00:30Z/,
      hint: /begins at 2026-11-20T00:00Z/,
      code: 2,
    })
  })
  test('a time that is none, or half of a backfill', async () => {
    for (const [more, message] of [
      [['--interval', '2026-02-30'], /--interval "2026-02-30" is not a time/],
      [['--interval', 'yesterday'], /is not a time such as 2026-11-21T10:00Z/],
      [['--from', '2026-11-20'], /--to is missing/],
      [['--from', '2026-11-20', '--to', '2026-11-21', '--limit', '3'], /--limit is for one run/],
      [['--from', '2026-11-21', '--to', '2026-11-20'], /no whole interval lies/],
    ] as const)
      await refused([...run(), ...more], { kind: 'pipeline', message, code: 2 })
  })
  test('a ledger that cannot be written', {
    skip: process.getuid?.() === 0 && 'root may write all',
  }, async () => {
    const locked = join(folder, 'locked')
    mkdirSync(locked)
    chmodSync(locked, 0o500)
    const ledger = ['--ledger', join(locked, 'ledger'), '--interval', '2026-11-20']
    await refused([...run(), ...ledger], { kind: 'resource', message: /cannot be/ })
    assert.deepEqual(readdirSync(join(place.folder, 'out')), [])
  })
})
