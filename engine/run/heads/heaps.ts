/**
 * A small heap of row numbers for each key, all in one Int32Array: a key's heap starts small and moves
 * to twice the room when it is full, up to `most` rows. The row that would come last in its key's
 * order lies on top.
 */
const FIRST_ROOM = 4

/** Positive where row a comes after row b. */
export type CompareRows = (a: number, b: number) => number

export class Heaps {
  /** By key: how many rows its heap has. */
  sizes = new Int32Array(256)
  rows = new Int32Array(1024)
  #starts = new Int32Array(256)
  #rooms = new Int32Array(256)
  #used = 0
  readonly #most: number
  readonly #compare: CompareRows

  constructor(most: number, compare: CompareRows) {
    this.#most = most
    this.#compare = compare
  }

  get heldBytes(): number {
    return this.rows.byteLength + 3 * this.sizes.byteLength
  }

  reserve(keys: number): void {
    if (keys <= this.sizes.length) return
    const size = Math.max(keys, this.sizes.length * 2)
    this.sizes = widened(this.sizes, size)
    this.#starts = widened(this.#starts, size)
    this.#rooms = widened(this.#rooms, size)
  }

  /** The last row of a key in order. */
  worst(key: number): number {
    return this.rows[this.#starts[key] as number] as number
  }

  /** Adds a row; the key must have fewer than `most`. */
  add(key: number, row: number): void {
    const size = this.sizes[key] as number
    if (size === this.#rooms[key]) this.#move(key)
    this.sizes[key] = size + 1
    const { rows } = this
    const compare = this.#compare
    const start = this.#starts[key] as number
    let k = size
    while (k > 0) {
      const above = (k - 1) >> 1
      const other = rows[start + above] as number
      if (compare(other, row) > 0) break
      rows[start + k] = other
      k = above
    }
    rows[start + k] = row
  }

  /** The values of the row on top have changed. */
  sink(key: number): void {
    this.#sink(this.#starts[key] as number, this.sizes[key] as number)
  }

  /** Writes the key's rows to `out`, in order. The heap is used up. */
  drain(key: number, out: Int32Array): void {
    const { rows } = this
    const start = this.#starts[key] as number
    const count = this.sizes[key] as number
    for (let size = count; size > 0; size--) {
      out[size - 1] = rows[start] as number
      rows[start] = rows[start + size - 1] as number
      this.#sink(start, size - 1)
    }
    this.sizes[key] = 0
  }

  #sink(start: number, size: number): void {
    const { rows } = this
    const compare = this.#compare
    let k = 0
    const row = rows[start] as number
    for (;;) {
      let child = 2 * k + 1
      if (child >= size) break
      if (
        child + 1 < size &&
        compare(rows[start + child + 1] as number, rows[start + child] as number) > 0
      )
        child++
      const other = rows[start + child] as number
      if (compare(row, other) >= 0) break
      rows[start + k] = other
      k = child
    }
    if (size > 0) rows[start + k] = row
  }

  #move(key: number): void {
    const old = this.#rooms[key] as number
    const room = Math.min(this.#most, Math.max(FIRST_ROOM, old * 2))
    if (this.#used + room > this.rows.length)
      this.rows = widened(this.rows, Math.max(this.#used + room, this.rows.length * 2))
    const start = this.#starts[key] as number
    this.rows.copyWithin(this.#used, start, start + old)
    this.#starts[key] = this.#used
    this.#rooms[key] = room
    this.#used += room
  }
}

function widened(values: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(size)
  grown.set(values)
  return grown
}
