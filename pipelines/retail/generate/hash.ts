/**
 * Counter-based randomness: a word for (seed, lane, counter) with no state in between, so that any
 * row can be made alone. The mixer is "lowbias32" (Chris Wellons, hash-prospector); a sequential
 * generator would be as fast, but a slice would then have to replay everything before it.
 */

/** A bijection of 32-bit words in which every input bit moves every output bit. */
export function mix(word: number): number {
  let x = word | 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

/** The key of one lane: what a row draws from one lane tells nothing about its other lanes. */
export function laneKey(seed: number, lane: number): number {
  return mix(mix(seed) + Math.imul(lane + 1, 0x9e3779b1))
}

/** Uniform in 0 … 2^32 - 1. */
export function draw(key: number, counter: number): number {
  return mix(counter ^ key)
}

/** A word scaled to an integer in 0 … `bound` - 1, by its high bits. */
export function below(bound: number, word: number): number {
  return Math.floor((word / 0x1_0000_0000) * bound)
}
