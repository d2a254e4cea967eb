/** Codes of a dictionary as those of a block: entries are numbered by first appearance in it. */
import type { Pool } from '../../data/pool.ts'
import type { Entries } from './block.ts'
import type { Scratch } from './scratch.ts'

/** Renumbers the codes of the first `rows` rows in place. The list in the answer lies in the scratch. */
export function renumbered(
  codes: Int32Array,
  valid: Uint8Array | null,
  rows: number,
  { pool, scratch, column }: { pool: Pool; scratch: Scratch; column: number },
): Entries {
  scratch.begin(pool.count)
  const used = scratch.list(column, rows)
  const count = renumber(codes, valid, rows, scratch.map, scratch.base, used)
  scratch.end(count)
  return { pool, used, count }
}

/** Numbers the codes by first appearance; used[n] is the code that got n. Null rows get 0. */
function renumber(
  codes: Int32Array,
  valid: Uint8Array | null,
  rows: number,
  map: Int32Array,
  base: number,
  used: Int32Array,
): number {
  let next = base
  for (let k = 0; k < rows; k++) {
    if (valid !== null && valid[k] === 0) {
      codes[k] = 0
      continue
    }
    const code = codes[k] as number
    let number = map[code] as number
    if (number < base) {
      number = next++
      map[code] = number
      used[number - base] = code
    }
    codes[k] = number - base
  }
  return next - base
}
