/**
 * Kills a real run and looks at what it left; then runs it again, or resumes it, and compares all that
 * stands with what an undisturbed run gives. A seed is one such kill.
 */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, reportOf, root } from '../command.ts'
import type { RunReport } from '../../../engine/run/report.ts'
import { writeInput } from './input.ts'
import { type Moment, momentOf } from './moments.ts'
import { OUTPUTS, type Place, placeAt, type Seen, seenAt, tables, visible } from './place.ts'
import type { Whole } from './place.ts'
import { type Happening, startWatched } from './watched.ts'

export interface Setting {
  /** Everything lies here. */
  readonly folder: string
  readonly rows: number
  /** The command; the sources of this repository by default. */
  readonly command: readonly string[]
  readonly pipeline: string
}

interface Calm {
  readonly counts: ReadonlyMap<Happening, number>
  readonly seconds: number
}

export interface Told {
  readonly moment: Moment
  /** False: the run had ended before its moment came. */
  readonly killed: boolean
  readonly seen: Seen
  readonly resumed: RunReport['resumed'] | null
}

export const ownCommand = [
  process.execPath,
  '--conditions=millrace-source',
  join(root, 'cli/main.ts'),
]
export const ownPipeline = join(root, 'test/faults/kill/pipeline.ts')
/** The least that the command takes. */
const SMALL = '16MB'

export class Harness {
  readonly #s: Setting
  readonly #calm = new Map<boolean, Calm>()
  #whole: Whole | null = null
  #expected: unknown = null

  constructor(setting: Setting) {
    this.#s = setting
  }

  /** The tables of the day before, and an undisturbed run with much memory and one with little. */
  async prepare(): Promise<void> {
    const { folder, rows } = this.#s
    writeInput(join(folder, 'before'), { rows: rows / 4, files: 2, seed: 5 })
    writeInput(join(folder, 'input'), { rows, files: 6, seed: 11 })
    const first = placeAt(join(folder, 'first'), null)
    await this.#calmRun(first, join(folder, 'before'), false)
    copyFileSync(first.warehouse, join(folder, 'before.duckdb'))
    for (const small of [false, true]) {
      const place = this.#place('calm')
      const before = await tables(place)
      const answer = await this.#calmRun(place, join(folder, 'input'), small)
      const files = new Map(OUTPUTS.map(name => [name, visible(place, name)]))
      for (const [name, found] of files) assert.ok(found.size > 0, `${name} is empty`)
      const whole = { files, before, after: await tables(place) }
      assert.notEqual(whole.after, before)
      this.#whole ??= whole
      this.#expected ??= accountOf(reportOf(answer))
      assert.deepEqual(whole, this.#whole, 'memory changes what a run gives')
    }
  }

  async #calmRun(place: Place, input: string, small: boolean): Promise<Answer> {
    const words = this.#words(place, input, small)
    const run = startWatched(words, place, () => {})
    const answer = await run.ended
    run.close()
    assert.equal(answer.code, 0, answer.err)
    this.#calm.set(small, {
      counts: run.counts,
      seconds: (performance.now() - run.startedMs) / 1000,
    })
    return answer
  }

  /** How often each thing happens in an undisturbed run with little memory. */
  get happenings(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#calm.get(true)?.counts ?? [])
  }

  /** Throws where something is partial, lost or doubled. */
  async seed(seed: number): Promise<Told> {
    const moment = momentOf(seed)
    const place = this.#place(`seed-${seed}`)
    const killed = await this.#kill(place, moment)
    const seen = await seenAt(place, this.#whole as Whole)
    const ended = !readdirSync(place.output).some(name => name.endsWith('.unfinished'))
    const all = seen.outputs === OUTPUTS.length && seen.published
    if (!killed) assert.ok(all, 'a run that ended well left something out')
    const words = this.#words(place, join(this.#s.folder, 'input'), false, [
      '--workers',
      String(moment.workers[1]),
      ...(moment.goesOn === 'resume' ? ['--resume'] : []),
      // All of it is there, and nothing says that it was not wanted so.
      ...(ended && all ? ['--overwrite'] : []),
    ])
    const next = startWatched(words, place, () => {})
    const answer = await next.ended
    next.close()
    const report = reportOf(answer)
    assert.equal(report.status, 'done', answer.err)
    await this.#check(place, report)
    rmSync(place.folder, { recursive: true, force: true })
    return { moment, killed, seen, resumed: report.resumed ?? null }
  }

  async #check(place: Place, report: RunReport): Promise<void> {
    const whole = this.#whole as Whole
    const seen = await seenAt(place, whole)
    assert.deepEqual(seen, { outputs: OUTPUTS.length, published: true })
    assert.deepEqual(accountOf(report), this.#expected)
    assert.deepEqual(readdirSync(place.output).sort(), [...OUTPUTS].sort(), 'something is left')
    assert.deepEqual(readdirSync(place.scratch), [], 'scratch is left')
  }

  #place(name: string): Place {
    const { folder } = this.#s
    return placeAt(join(folder, name), join(folder, 'before.duckdb'))
  }

  #words(place: Place, input: string, small: boolean, more: readonly string[] = []): string[] {
    const { command, pipeline } = this.#s
    return [
      ...command,
      ...['run', pipeline, '--input', join(input, 'lines-*.csv')],
      ...['--products', join(input, 'products.csv'), '--output', place.output],
      ...['--warehouse', `duckdb:${place.warehouse}`, '--scratch', place.scratch],
      ...['--checkpoint-after', '0', '--json', ...(small ? ['--memory', SMALL] : []), ...more],
    ]
  }

  /** False: it ended before. */
  async #kill(place: Place, moment: Moment): Promise<boolean> {
    const { at, share, delayMs, small, victim, workers } = moment
    const calm = this.#calm.get(small) as Calm
    const count = at === 'time' ? 0 : 1 + Math.floor(share * (calm.counts.get(at) ?? 1))
    let reach = (): void => {}
    const reached = new Promise<void>(resolve => {
      reach = resolve
    })
    const words = this.#words(place, join(this.#s.folder, 'input'), small, [
      '--workers',
      String(workers[0]),
    ])
    const run = startWatched(words, place, (what, n) => {
      if (what === at && n === count) reach()
    })
    if (at === 'time') setTimeout(reach, share * calm.seconds * 1000).unref()
    await Promise.race([reached, run.ended])
    if (delayMs > 0) await sleep(delayMs)
    const pid = run.child.pid as number
    const engine = engineOf(pid)
    strike(victim === 'group' ? -pid : victim === 'engine' ? (engine ?? -pid) : pid)
    const { code } = await run.ended
    // An engine that lost its command stops by itself.
    while (engine !== null && parentOf(engine) !== null) await sleep(20)
    run.close()
    return code !== 0
  }
}

/** All that a run says of its rows. */
function accountOf({ rows, dropped, rejects, outputs, stages }: RunReport): unknown {
  return {
    rows,
    dropped,
    rejects,
    outputs: outputs.map(({ rows: n, bytes, files }) => ({ rows: n, bytes, files })),
    stages: stages
      .map(({ rowsIn, rowsOut }) => ({ rowsIn, rowsOut }))
      .sort((a, b) => a.rowsIn - b.rowsIn || a.rowsOut - b.rowsOut),
  }
}

function strike(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The process that the command started, of those that Linux lists; null where there is none yet. */
function engineOf(command: number): number | null {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  return pids.map(Number).find(pid => parentOf(pid) === command) ?? null
}

/** Null: it is gone. */
function parentOf(pid: number): number | null {
  try {
    const found = /\) ([A-Z]) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    return found && found[1] !== 'Z' ? Number(found[2]) : null
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}

export function harnessAt(folder: string, rows: number): Harness {
  mkdirSync(folder, { recursive: true })
  return new Harness({ folder, rows, command: ownCommand, pipeline: ownPipeline })
}
