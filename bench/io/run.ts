/**
 * `npm run bench:io [-- NAME … --rounds N --scale X]`: connectors beside files on disk and beside the
 * official clients, on the servers of `test/services`, which it starts and ends. Answers are compared
 * first, contestants take turns. Prints the ratios beside their aims; where nothing was narrowed, writes
 * them to `bench/io.md`. Fails where an aim is missed.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isInstalled } from '../../test/services/services.ts'
import { machineLine } from '../report/machine.ts'
import { type Comparison, type Finding, isMissed, tableOf } from './comparison.ts'
import { COMPARISONS } from './comparisons.ts'

const NAMES = Object.keys(COMPARISONS)
const HEAD = `# Connectors

Written by \`npm run bench:io\`. Figures are ratios of medians, ours to theirs as the row says; in brackets the least and the most. The servers run on the same cores as their clients.`

const say = (line: string): void => void process.stderr.write(`${line}\n`)

async function main(o: { names: readonly string[]; rounds: number; scale: number }): Promise<void> {
  const all: Finding[] = []
  const notes: string[] = []
  const left: string[] = []
  for (const name of o.names) {
    const comparison = await (COMPARISONS[name] as () => Promise<Comparison>)()
    const missing = comparison.servers.filter(server => !isInstalled(server))
    if (missing.length > 0) {
      left.push(
        `${name} is left out, not installed: ${missing} (test/services/install.sh ${missing.join(' ')})`,
      )
      continue
    }
    say(name)
    const found = await comparison.run({ rounds: o.rounds, scale: o.scale, say })
    all.push(...found.findings)
    notes.push(...found.notes)
  }
  const body = [
    tableOf(all),
    [...notes, ...left].map(note => `- ${note}`).join('\n'),
    machineLine(),
  ]
  const text = body.join('\n\n')
  process.stdout.write(`${text}\n`)
  const complete = o.names.length === NAMES.length && o.scale === 1 && left.length === 0
  if (complete) writeFileSync(join(import.meta.dirname, '../io.md'), `${HEAD}\n\n${text}\n`)
  if (all.some(isMissed) || left.length > 0) process.exitCode = 1
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
  },
})
const [rounds, scale] = [Number(values.rounds), Number(values.scale)]
const unknown = positionals.find(name => !NAMES.includes(name))
if (unknown !== undefined || !(Number.isSafeInteger(rounds) && rounds > 0) || !(scale > 0)) {
  say(`usage: npm run bench:io -- [${NAMES.join(' | ')} …] [--rounds N] [--scale X]`)
  process.exitCode = 2
} else await main({ names: positionals.length > 0 ? positionals : NAMES, rounds, scale })
