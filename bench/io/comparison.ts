/** What a comparison of connectors is: contestants over the same bytes, their ratios beside their aims. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ServerName } from '../../test/services/services.ts'
import { markdown } from '../report/names.ts'
import { spreadOf } from '../statistics.ts'

export interface Finding {
  /** What was compared with what, and by which measure. */
  readonly what: string
  readonly ours: string
  readonly theirs: string
  readonly figure: number
  /** Of the figure; `null`: shown for what it tells, without an aim. */
  readonly aim: { readonly least: number } | { readonly most: number } | null
}

export interface Findings {
  readonly findings: readonly Finding[]
  /** How it was measured, what binds it. */
  readonly notes: readonly string[]
}

export interface Settings {
  readonly rounds: number
  /** Scales the inputs; 1: as they are written down. */
  readonly scale: number
  readonly say: (line: string) => void
}

export interface Comparison {
  readonly servers: readonly ServerName[]
  run(settings: Settings): Promise<Findings>
}

export const isMissed = ({ figure, aim }: Finding): boolean =>
  aim !== null && ('least' in aim ? !(figure >= aim.least) : !(figure <= aim.most))

export function tableOf(findings: readonly Finding[]): string {
  const aimOf = ({ aim }: Finding): string =>
    aim === null ? '' : 'least' in aim ? `≥ ${aim.least}` : `≤ ${aim.most}`
  const verdict = (f: Finding): string => (f.aim === null ? '' : isMissed(f) ? 'MISSED' : 'met')
  return markdown(
    ['compared', 'ours', 'theirs', 'figure', 'aim', ''],
    findings.map(f => [f.what, f.ours, f.theirs, f.figure.toFixed(2), aimOf(f), verdict(f)]),
  )
}

export const median = (values: readonly number[]): number => spreadOf(values).median

/** `1.23 s (1.20–1.31)`. */
export function secondsText(values: readonly number[]): string {
  const { median: middle, least, most } = spreadOf(values)
  return `${middle.toFixed(2)} s (${least.toFixed(2)}–${most.toFixed(2)})`
}

export interface Taken {
  readonly seconds: number
  /** Processor time of the process and all that it waited for. */
  readonly cpu: number
  readonly out: string
}

/** The shell tells what its children used, to a hundredth of a second. */
const TIMED = '"$@"; code=$?; times >&3; exit $code'

/** Runs Node in a process of its own. Throws Error: it failed, with what it said. */
export async function timed(
  args: readonly string[],
  env: Readonly<NodeJS.ProcessEnv> = {},
): Promise<Taken> {
  const started = performance.now()
  const child = spawn('sh', ['-c', TIMED, 'sh', process.execPath, ...args], {
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const said = ['', '', '']
  child.stdio.slice(1).forEach((pipe, i) => {
    pipe?.on('data', data => {
      said[i] += data
    })
  })
  const kill = () => child.kill('SIGKILL')
  process.prependOnceListener('exit', kill)
  const [code] = await once(child, 'close')
  process.off('exit', kill)
  const [out = '', err = '', times = ''] = said
  if (code !== 0)
    throw new Error(`${args.join(' ')} ended with ${code}: ${err}${out}`.slice(0, 4000))
  return { seconds: (performance.now() - started) / 1000, cpu: childrenIn(times), out }
}

/** `0m1.20s 0m0.10s`, of the shell, then of its children. */
function childrenIn(times: string): number {
  const fields =
    times
      .trim()
      .split('\n')[1]
      ?.matchAll(/(\d+)m([\d.]+)s/g) ?? []
  return [...fields].reduce((all, [, m, s]) => all + Number(m) * 60 + Number(s), 0)
}
