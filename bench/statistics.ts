/** Middle, spread and geometric mean. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** Throws RangeError: there is no value. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('no value to take the median of')
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length / 2
  const upper = sorted[Math.floor(half)] as number
  const lower = sorted[Math.ceil(half) - 1] as number
  return {
    median: (lower + upper) / 2,
    least: sorted[0] as number,
    most: sorted.at(-1) as number,
  }
}

/** NaN where there is no value. */
export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
