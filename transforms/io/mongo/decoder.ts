/**
 * What a reader decodes with, kept from split to split: the walk, the columns, their dictionaries. It
 * takes documents row by row, then makes all columns of them. A row is judged as a whole, whether or
 * not a column is read, so rejects never depend on what a pipeline's functions happened to read.
 */
import type { Column } from '../../../engine/data/column.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { Bytes } from '../files/fields.ts'
import { TextColumn } from '../files/text-column.ts'
import { Workspace } from '../files/workspace.ts'
import { Level } from './bson/levels.ts'
import { DocumentWalk } from './bson/walk.ts'
import type { Decode, Documents } from './decode/fields.ts'
import { DECODE } from './decode/index.ts'
import { checkTexts, hexInto } from './decode/text.ts'

/** Slots of a batch: documents with many columns are read in shorter batches. */
const SLOTS_MAX = 1 << 21
const ID_DIGITS = 24

export interface Refused {
  readonly column: number
  readonly why: string
}

export class Decoder implements Documents {
  readonly schema: AnySchema
  readonly rowsMax: number
  readonly key: string
  /** Rows that were asked for. */
  readonly rowsAsked: number
  readonly walk: DocumentWalk
  /** Slot of `_id`, and of the field that ranges are cut by. */
  readonly idSlot: number
  readonly keySlot: number
  readonly selection: Int32Array
  readonly refused = new Map<number, Refused>()
  rows = 0
  readonly json = false
  readonly plain = Buffer.alloc(ID_DIGITS) as unknown as Bytes
  readonly #space: Workspace
  readonly #columns: readonly (Column | null)[]
  readonly #texts: (TextColumn | null)[]
  #column = -1

  constructor(schema: AnySchema, o: { paths: readonly string[]; key: string; rows: number }) {
    const { list } = schema
    const stride = list.length + 2
    const rowsMax = Math.max(1, Math.min(o.rows, Math.floor(SLOTS_MAX / stride)))
    const kinds = list.map(f => f.kind)
    this.schema = schema
    this.rowsAsked = o.rows
    this.key = o.key
    this.rowsMax = rowsMax
    this.idSlot = list.length
    this.keySlot = list.length + 1
    this.#space = new Workspace(rowsMax, { fieldsMax: stride, kinds })
    this.#columns = kinds.map(kind => (kind.tag === 'utf8' ? null : this.#space.column(kind)))
    this.#texts = list.map(() => null)
    this.selection = new Int32Array(rowsMax)
    const { at } = this.#space
    this.walk = new DocumentWalk(Level.of([...o.paths, '_id', o.key]), { at, stride, rowsMax })
  }

  get bytes(): Bytes {
    return this.walk.bytes
  }
  get view(): DataView {
    return this.walk.view
  }
  get at(): Int32Array {
    return this.walk.at
  }
  get types(): Uint8Array {
    return this.walk.types
  }
  get stride(): number {
    return this.walk.stride
  }

  startSplit(): void {
    for (const text of this.#texts) text?.startSplit()
  }

  /** The columns of the rows walked; texts only where they are wanted, or have a closed set of values. */
  columns(wanted: readonly boolean[]): (Column | null)[] {
    this.refused.clear()
    return this.schema.list.map(({ kind }, k) => {
      this.#column = k
      const column = this.#columns[k]
      if (column) {
        const decode: Decode = DECODE[kind.tag as keyof typeof DECODE]
        decode(this, k, column)
        return column
      }
      checkTexts(this, k, { kind })
      return wanted[k] || kind.values !== null ? this.text(k) : null
    })
  }

  /** Column k, which is utf8 and was checked. */
  text(k: number): Column {
    this.#column = k
    const { list } = this.schema
    const { kind } = list[k] as (typeof list)[number]
    const text = this.#texts[k] ?? new TextColumn(this.#space, kind, list.length)
    if (this.#texts[k] === null) text.startSplit()
    this.#texts[k] = text
    text.decode(this, k)
    return text.column
  }

  refuse(row: number, why: string): void {
    if (!this.refused.has(row)) this.refused.set(row, { column: this.#column, why })
  }

  /** Also where a column refuses nothing: a document that an increment cannot place. */
  refuseAs(row: number, column: number, why: string): void {
    this.#column = column
    this.refuse(row, why)
  }

  unescape(start: number, end: number): number {
    return hexInto(this.bytes, start, end, this.plain)
  }
}
