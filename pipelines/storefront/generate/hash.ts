/** Numbers that follow from what they are for: the same seed gives the same shop, asked in any order. */

/** 32 bits of a seed and some numbers. */
export function hash(seed: number, ...of: readonly number[]): number {
  let h = seed | 0
  for (const n of of) {
    h = Math.imul(h ^ (n | 0), 0x9e3779b1)
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h ^= h >>> 13
  }
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A whole number from 0 to below `n`. */
export const below = (n: number, seed: number, ...of: readonly number[]): number =>
  Math.floor((hash(seed, ...of) / 2 ** 32) * n)

/** True for so many of a thousand. */
export const oneOf1000 = (share: number, seed: number, ...of: readonly number[]): boolean =>
  below(1000, seed, ...of) < share

export const pick = <T>(list: readonly T[], seed: number, ...of: readonly number[]): T =>
  list[below(list.length, seed, ...of)] as T
