/** Rows of a batch that have a value which does not fit: the first such column of each, and why. */
export const FLAW = {
  null: 1,
  range: 2,
  utf8: 3,
  set: 4,
  infinite: 5,
  digits: 6,
  nested: 7,
  part: 8,
} as const

export class Flaws {
  #reasons = new Uint8Array(0)
  #columns = new Int16Array(0)
  any = false

  begin(rows: number): void {
    if (this.#reasons.length < rows) {
      this.#reasons = new Uint8Array(rows)
      this.#columns = new Int16Array(rows)
    } else if (this.any) this.#reasons.fill(0)
    this.any = false
  }

  /** Columns are decoded in their order: the first that is told of a row stays. */
  add(row: number, column: number, flaw: number): void {
    if (this.#reasons[row] !== 0) return
    this.#reasons[row] = flaw
    this.#columns[row] = column
    this.any = true
  }

  /** 0: none. */
  of(row: number): number {
    return this.#reasons[row] as number
  }
  column(row: number): number {
    return this.#columns[row] as number
  }
}
