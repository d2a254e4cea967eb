/** A number that rows are compared with, in the units that its column stores. */
import type { Kind } from './kind.ts'
import { DAY_MS, POW10 } from './value.ts'

/** May lie between two stored values; equals one where a lambda would see that value as `value`. */
export function storedBound(kind: Kind, value: number): number {
  if (kind.tag === 'decimal') return Number((value * (POW10[kind.scale] as number)).toPrecision(15))
  if (kind.tag === 'date') return value / DAY_MS
  return kind.tag === 'timestamp' || kind.tag === 'datetime' ? micros(value) : value
}

/** A fraction of a millisecond is no binary fraction: 1.001 × 1000 is not 1001, which it stands for. */
function micros(ms: number): number {
  const scaled = ms * 1000
  const whole = Math.round(scaled)
  return [whole, whole - 1, whole + 1].find(stored => stored / 1000 === ms) ?? scaled
}
