/** How far a buffer grows. Places in it are 32 bits wide, with a sign. */
import { Fault } from '../fault.ts'

export const BUFFER_BYTES_MAX = 2 ** 31 - 1

/** A size that has room for `needed` bytes, twice as large as before where that may be. Throws data. */
export function grownSize(needed: number, before: number): number {
  if (needed > BUFFER_BYTES_MAX)
    throw new Fault('data', `values that lie together take ${needed} bytes, more than 2 GB`, {
      hint: 'a value of more than 1 GB has no place in a column: leave it out where it is read',
    })
  return Math.max(needed, Math.min(before * 2, BUFFER_BYTES_MAX))
}
