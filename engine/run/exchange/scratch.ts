/**
 * Working memory that the builders of one writer share, as they flush one after the other: a map
 * from a pool's codes to small numbers that is emptied by moving `base` instead of by clearing, and
 * a list of codes for each column.
 */
/** Half of what an int32 holds: a pool has fewer codes than the other half. */
const LIMIT = 2 ** 30

export class Scratch {
  /** map[code] < base: no number was given to the code yet. */
  map = new Int32Array(1024)
  base = 1
  #lists: Int32Array[] = []

  /** Empties the map and makes room for `codes` codes. */
  begin(codes: number): void {
    if (this.map.length < codes) {
      this.map = new Int32Array(Math.max(codes, this.map.length * 2))
      this.base = 1
    }
  }

  /** Forgets the `count` numbers given since `begin`. */
  end(count: number): void {
    this.base += count
    if (this.base < LIMIT) return
    this.map.fill(0)
    this.base = 1
  }

  /** A list of at least `length` codes, one a column. */
  list(column: number, length: number): Int32Array {
    const known = this.#lists[column]
    if (known !== undefined && known.length >= length) return known
    const made = new Int32Array(length)
    this.#lists[column] = made
    return made
  }
}
