/**
 * The rows of one group, as the user's function sees them: made from the sorted stream as they are
 * asked for. Rows stay for a second walk as long as they take less than the group's share of memory;
 * past that a group can still be walked once, from its start to its end.
 */
import { rowReader, type ReadRow } from '../../compile/rows.ts'
import { type Batch, columnOf } from '../../data/batch.ts'
import { bytesPerRow, isText } from '../../data/column.ts'
import type { AnySchema } from '../../data/schema.ts'
import { Fault } from '../../fault.ts'
import type { Row } from '../../plan/node.ts'

/** What a row object takes beside its values: header, pointers, boxed numbers. */
const OBJECT_BYTES = 64
const TEXT_BYTES = 32

/** Reads a stream that is sorted by group; the group's number is its last column. */
export class GroupCursor {
  readonly rowsMax: number
  readonly #batches: Iterator<Batch>
  readonly #readers: (batch: Batch) => ReadRow
  readonly #group: number
  #read: ReadRow | null = null
  #groups: Int32Array = new Int32Array(0)
  #rows = 0
  #at = 0

  /** `schema` is that of the rows, without the group's number. */
  constructor(schema: AnySchema, sorted: Iterable<Batch>, memoryBytes: number) {
    this.#batches = sorted[Symbol.iterator]()
    this.#readers = rowReader(schema)
    this.#group = schema.list.length
    const rowBytes = schema.list.reduce(
      (sum, { kind }) => sum + 2 * bytesPerRow(kind) + (isText(kind) ? TEXT_BYTES : 0),
      OBJECT_BYTES,
    )
    this.rowsMax = Math.max(16, Math.floor(memoryBytes / rowBytes))
  }

  /** The next row of the group; null where it has no more. */
  next(group: number): Row | null {
    if (this.#at === this.#rows && !this.#load()) return null
    if (this.#groups[this.#at] !== group) return null
    return (this.#read as ReadRow)(this.#at++)
  }

  /** Passes over the rows of a group that were not asked for. */
  skip(group: number): void {
    for (;;) {
      if (this.#at === this.#rows && !this.#load()) return
      if (this.#groups[this.#at] !== group) return
      this.#at++
    }
  }

  close(): void {
    this.#batches.return?.()
  }

  #load(): boolean {
    for (;;) {
      const { done, value } = this.#batches.next()
      if (done) return false
      if (value.rows === 0) continue
      this.#read = this.#readers(value)
      this.#groups = columnOf(value, this.#group).values as Int32Array
      this.#rows = value.rows
      this.#at = 0
      return true
    }
  }
}

export class GroupRows implements Iterable<Row> {
  readonly #cursor: GroupCursor
  readonly #group: number
  readonly #name: () => string
  #kept: Row[] = []
  /** Rows taken from the cursor so far; more than are kept where the group is too large. */
  #taken = 0
  #ended = false
  #over = false

  /** `name`: what the group is called where it is too large. */
  constructor(cursor: GroupCursor, group: number, name: () => string) {
    this.#cursor = cursor
    this.#group = group
    this.#name = name
  }

  *[Symbol.iterator](): Iterator<Row> {
    for (let i = 0; ; i++) {
      if (i < this.#kept.length) {
        yield this.#kept[i] as Row
        continue
      }
      if (this.#ended) {
        if (i < this.#taken) throw this.#tooLarge()
        return
      }
      if (i < this.#taken) throw this.#tooLarge()
      const row = this.#take()
      if (row === null) return
      yield row
    }
  }

  /** The function is done: the rows that it did not ask for are passed over. */
  end(): void {
    if (!this.#ended) this.#cursor.skip(this.#group)
    this.#ended = true
    this.#over = true
    this.#kept = []
  }

  #take(): Row | null {
    const row = this.#cursor.next(this.#group)
    if (row === null) {
      this.#ended = true
      return null
    }
    this.#taken++
    if (this.#taken <= this.#cursor.rowsMax) this.#kept.push(row)
    else if (this.#kept.length > 0) this.#kept = []
    return row
  }

  #tooLarge(): Fault {
    if (this.#over)
      return new Fault(
        'data',
        `the rows of ${this.#name()} were walked after the function had ended`,
      )
    return new Fault(
      'resource',
      `${this.#name()} does not fit in memory, so its rows can be walked once only`,
      {
        hint: 'walk the rows once, in one loop, or give the run more memory',
      },
    )
  }
}
