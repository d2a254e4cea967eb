/**
 * Exact sums of decimals by group, at the speed of doubles: whole units are added up in a double while
 * they stay below `CARRY`, which almost all sums do, and what would pass it goes to a bigint of the
 * group. Columns of wide decimals are read and written as words of 32 bits; a bigint a row took ten
 * times as long.
 */
import type { Column } from '../../data/column.ts'
import { isWide } from '../../data/kind.ts'
import { readUnits, writeUnits } from '../../data/value.ts'
import { Fault } from '../../fault.ts'

/** A sum up to this and one more value of at most 15 digits are below 2^53: exact in a double. */
export const CARRY = 8e15
/** High words of wide values that are added as doubles: below 2^49, so at most 15 digits. */
const HIGH_MAX = 1 << 17
const WORD = 2 ** 32
/** What an entry of a map and its bigint take, about. */
const ENTRY_BYTES = 128

export class UnitSums {
  low = new Float64Array(0)
  readonly #high = new Map<number, bigint>()

  /** Takes a sum that passed `CARRY` out of `low`; answers what is left there. */
  carry(g: number, sum: number): number {
    this.add(g, BigInt(sum))
    return 0
  }

  add(g: number, units: bigint): void {
    this.#high.set(g, (this.#high.get(g) ?? 0n) + units)
  }

  units(g: number): bigint {
    return (this.#high.get(g) ?? 0n) + BigInt(this.low[g] as number)
  }

  /** Writes the sums of groups `from` … `to`. Throws data: one has more digits than the column. */
  write(column: Column, from: number, to: number): void {
    const { kind } = column
    const low = this.low.subarray(from, to)
    if (isWide(kind)) writeWords(low, wordsOf(column))
    else (column.values as Float64Array).set(low)
    const most = 10n ** BigInt(kind.precision)
    const check = (g: number) => {
      const units = this.units(g)
      if (units < most && -units < most) return units
      throw new Fault('data', `a sum of decimals does not fit ${kind.name}`)
    }
    if (Number(most) < CARRY)
      for (let g = from; g < to; g++) if (Math.abs(this.low[g] as number) >= Number(most)) check(g)
    for (const g of this.#high.keys())
      if (g >= from && g < to) writeUnits(column, g - from, check(g))
  }

  clear(): void {
    this.low.fill(0)
    this.#high.clear()
  }

  get heldBytes(): number {
    return this.low.byteLength + this.#high.size * ENTRY_BYTES
  }
}

/** Adds the selected rows of a column of wide decimals. */
export function addWide(
  column: Column,
  rows: { readonly selection: Int32Array | null; readonly selected: number },
  groups: Int32Array,
  sums: UnitSums,
): void {
  const { selection, selected } = rows
  const { valid } = column
  const words = wordsOf(column)
  const { low } = sums
  for (let k = 0; k < selected; k++) {
    const i = selection === null ? k : (selection[k] as number)
    if (valid !== null && valid[i] === 0) continue
    const g = groups[i] as number
    const high = words[4 * i + 1] as number
    const sign = high >> 31
    const narrow = words[4 * i + 2] === sign && words[4 * i + 3] === sign
    if (narrow && high < HIGH_MAX && high >= -HIGH_MAX) {
      const sum = (low[g] as number) + (high * WORD + ((words[4 * i] as number) >>> 0))
      low[g] = sum > CARRY || sum < -CARRY ? sums.carry(g, sum) : sum
    } else sums.add(g, readUnits(column, i))
  }
}

function writeWords(sums: Float64Array, words: Int32Array): void {
  for (let g = 0; g < sums.length; g++) {
    const sum = sums[g] as number
    const high = Math.floor(sum / WORD)
    words[4 * g] = sum - high * WORD
    words[4 * g + 1] = high
    words[4 * g + 2] = words[4 * g + 3] = sum < 0 ? -1 : 0
  }
}

/** A wide decimal as four words, the lowest first. */
function wordsOf(column: Column): Int32Array {
  const { buffer, byteOffset, length } = column.values as BigInt64Array
  return new Int32Array(buffer, byteOffset, 2 * length)
}
