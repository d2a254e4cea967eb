/**
 * Many seeds of the kill harness, `--jobs` at once, with a summary by kind of moment:
 *
 *     node --conditions=millrace-source test/faults/kill/run.ts --seeds 200
 *
 * `--app FOLDER` takes the package that is installed there instead of the sources, which starts faster.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Harness, ownCommand, ownPipeline, type Told } from './harness.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    rows: { type: 'string', default: '45000' },
    app: { type: 'string' },
    folder: { type: 'string' },
    jobs: { type: 'string', default: '1' },
  },
})

/** A pipeline's module finds the package beside it. */
function installed(app: string): { command: string[]; pipeline: string } {
  const pipeline = join(app, 'kill.ts')
  copyFileSync(ownPipeline, pipeline)
  return {
    command: [process.execPath, join(app, 'node_modules/millrace/dist/cli/main.js')],
    pipeline,
  }
}

const own = { command: ownCommand, pipeline: ownPipeline }
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'millrace-kill-'))
const harness = new Harness({
  folder,
  rows: Number(values.rows),
  ...(values.app === undefined ? own : installed(values.app)),
})
await harness.prepare()
console.log(`in an undisturbed run: ${JSON.stringify(harness.happenings)}`)

const told: Told[] = []
const failed: { seed: number; error: Error }[] = []
const [first, count] = [Number(values.from), Number(values.seeds)]
let next = first
async function lane(): Promise<void> {
  while (next < first + count) await one(next++)
}

async function one(seed: number): Promise<void> {
  try {
    const answer = await harness.seed(seed)
    told.push(answer)
    const { moment, killed, seen, resumed } = answer
    const state = `${seen.outputs} outputs, tables ${seen.published ? 'new' : 'old'}`
    const saved = resumed ? `, ${resumed.tasks} tasks saved` : ''
    const how = killed ? `killed (${moment.victim})` : 'ended before'
    console.log(`${seed}  ${moment.at} ${moment.share}  ${how}: ${state}; ${moment.goesOn}${saved}`)
  } catch (error) {
    failed.push({ seed, error: error as Error })
    console.log(`${seed}  FAILED  ${(error as Error).stack}`)
  }
}
await Promise.all(Array.from({ length: Number(values.jobs) }, lane))
console.log(summary(told))
console.log(
  `${told.length} survived, ${failed.length} failed: ${failed.map(f => f.seed).join(' ')}`,
)
if (failed.length === 0) rmSync(folder, { recursive: true, force: true })
process.exitCode = failed.length === 0 ? 0 : 1

/** A Markdown table: a line a kind of moment. */
function summary(all: readonly Told[]): string {
  const kinds = [...new Set(all.map(o => o.moment.at))].sort()
  const lines = kinds.map(kind => {
    const of = all.filter(o => o.moment.at === kind)
    const n = (test: (o: Told) => boolean) => of.filter(test).length
    const cells = [
      of.length,
      n(o => o.killed),
      n(o => o.killed && o.seen.outputs === 0 && !o.seen.published),
      n(o => o.killed && o.seen.published && o.seen.outputs < 4),
      n(o => o.killed && o.seen.published && o.seen.outputs === 4),
      n(o => o.moment.goesOn === 'rerun'),
      n(o => o.moment.goesOn === 'resume'),
      n(o => (o.resumed?.tasks ?? 0) > 0),
    ]
    return `| ${kind} | ${cells.join(' | ')} |`
  })
  const head =
    '| killed at | seeds | hit | nothing visible | tables new, outputs not all | all visible | run again | resumed | with tasks saved |'
  return [head, '|---|---|---|---|---|---|---|---|---|', ...lines].join('\n')
}
