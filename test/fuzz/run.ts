/**
 * Looks for failures for longer than the tests do:
 *
 *     node --conditions=millrace-source test/fuzz/run.ts [--seconds 1800] [--seed 1] [--only plans] [--runs N]
 *
 * The kinds take turns of half a minute. Prints each failing case with the command that repeats it;
 * exit code 1 where there was one.
 */
import { parseArgs } from 'node:util'
import { campaign, summaryOf } from './campaign.ts'
import { FUZZES } from './fuzzes.ts'

const TURN_S = 30
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1800' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    runs: { type: 'string' },
  },
})
const fuzzes = FUZZES.filter(f => values.only === undefined || f.name === values.only)
if (fuzzes.length === 0) throw new Error(`have ${FUZZES.map(f => f.name).join(' ')}`)
const next = new Map(fuzzes.map(f => [f, Number(values.seed)]))
const until = performance.now() + Number(values.seconds) * 1000
let failures = 0
do {
  for (const fuzz of fuzzes) {
    const runs = values.runs === undefined ? {} : { runs: Number(values.runs) }
    const left = Math.max(0, (until - performance.now()) / 1000)
    const seconds = values.runs === undefined ? Math.min(TURN_S, left) : Number(values.seconds)
    const found = await campaign(fuzz, { seed: next.get(fuzz) as number, seconds, ...runs })
    next.set(fuzz, found.next)
    failures += found.failed.length
    process.stdout.write(`${fuzz.name}: ${summaryOf(found)}\n`)
    for (const failure of found.failed) process.stdout.write(`\nFAILED ${failure}\n\n`)
  }
} while (values.runs === undefined && performance.now() < until)
process.exitCode = failures === 0 ? 0 : 1
