/** When a seed kills, whom, and how it goes on: each kind of moment has its turn, the rest is drawn. */
import { type Random, randomOf } from '../../fuzz/random.ts'
import type { Happening } from './watched.ts'

export interface Moment {
  /** What is waited for; `time`: a share of the time that an undisturbed run took. */
  readonly at: Happening | 'time'
  /** 0 to 1: how far through those happenings, or that time. */
  readonly share: number
  /** After it. */
  readonly delayMs: number
  readonly victim: 'group' | 'engine' | 'command'
  readonly goesOn: 'rerun' | 'resume'
  readonly workers: readonly [killed: number, next: number]
  /** Little memory, so that it spills. */
  readonly small: boolean
}

const KINDS: readonly Moment['at'][] = [
  'time',
  'computing',
  'publishing',
  'recorded',
  'committing',
  'spilling',
  'loading',
  'writing',
  'keeping',
  'committing',
  'assembling',
  'time',
  'marked',
]

export function momentOf(seed: number): Moment {
  const random: Random = randomOf(seed * 7919)
  const at = KINDS[seed % KINDS.length] as Moment['at']
  return {
    at,
    share: random.below(1000) / 1000,
    delayMs: random.chance(0.5) ? 0 : random.below(at === 'publishing' ? 200 : 25),
    victim: random.chance(0.8) ? 'group' : random.chance(0.5) ? 'engine' : 'command',
    goesOn: Math.floor(seed / KINDS.length) % 2 === 0 ? 'resume' : 'rerun',
    workers: [1 + random.below(2), 1 + random.below(2)],
    small: at === 'spilling' || random.chance(0.3),
  }
}
