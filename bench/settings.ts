/** What the command line says: which cases, how many rows, how many rounds. */
import { parseArgs } from 'node:util'

export interface Settings {
  /** Lines in all files together. */
  readonly rows: number
  readonly rounds: number
  /** Letters of cases; null: all. */
  readonly only: readonly string[] | null
  /** Numbers of rows for rows against time; empty: not measured. */
  readonly scale: readonly number[]
  readonly scaleRounds: number
  readonly threads: number
  readonly micro: boolean
  /** Only what stands beside the cases: cores, start, files, budgets. */
  readonly scaling: boolean
  /** Rows of the start's longer run. */
  readonly startRows: number
  /** Rows that are to be kept within a budget. */
  readonly memoryRows: number
}

export const USAGE = `usage: npm run bench -- [--rows N] [--rounds N] [--case abc] [--scale 1000000,2000000 | none]
                        [--scale-rounds N] [--scaling] [--start-rows N] [--memory-rows N] [--micro]`

/** Throws TypeError: an option is unknown or is no number. */
export function settingsOf(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: '4000000' },
      rounds: { type: 'string', default: '5' },
      case: { type: 'string' },
      scale: { type: 'string', default: '1000000,2000000,4000000,8000000,20000000' },
      'scale-rounds': { type: 'string', default: '2' },
      micro: { type: 'boolean', default: false },
      scaling: { type: 'boolean', default: false },
      'start-rows': { type: 'string', default: '100000' },
      'memory-rows': { type: 'string', default: '20000000' },
    },
  })
  return {
    rows: whole('rows', values.rows),
    rounds: whole('rounds', values.rounds),
    only: values.case === undefined ? null : values.case.split(/,|/),
    scale: values.scale === 'none' ? [] : values.scale.split(',').map(n => whole('scale', n)),
    scaleRounds: whole('scale-rounds', values['scale-rounds']),
    threads: 2,
    micro: values.micro,
    scaling: values.scaling,
    startRows: whole('start-rows', values['start-rows']),
    memoryRows: whole('memory-rows', values['memory-rows']),
  }
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new TypeError(`--${name} is ${JSON.stringify(text)}, expected a whole number from 1`)
}
