/** What a reader keeps from split to split: its arrays, its columns with their dictionaries, its window. */
import type { Column } from '../../../engine/data/column.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { DecodeKernel } from './decode-kernel.ts'
import { DECODE, type Decode } from './decode/index.ts'
import type { Bytes } from './fields.ts'
import { TextColumn } from './text-column.ts'
import type { Walk } from './walk.ts'
import { Window } from './window.ts'
import { Workspace } from './workspace.ts'

/** Fields of a batch: a file with many columns is read in shorter batches. */
const FIELDS_MAX = 1 << 21

export class Scratch {
  readonly schema: AnySchema
  /** Rows a batch that were asked for, and that fit. */
  readonly rowsAsked: number
  readonly rowsMax: number
  readonly space: Workspace
  readonly window: Window
  /** Null where the memory is none for it. */
  readonly kernel: DecodeKernel | null
  /** Null where the column is text: those are made when they are first wanted. */
  readonly columns: readonly (Column | null)[]
  readonly decodes: readonly (Decode | null)[]
  readonly texts: (TextColumn | null)[]
  /** True where a column has a closed set of values, which every row is checked against. */
  readonly closed: readonly boolean[]
  readonly offsets: Float64Array
  readonly selection: Int32Array
  plain = Buffer.alloc(0) as unknown as Bytes
  readonly #idle: Scratch[]

  /** `idle`: where it goes back to when its reader is closed; `tableBytes`: what its walk's kernel needs. */
  constructor(schema: AnySchema, rows: number, o: { idle: Scratch[]; tableBytes?: number }) {
    const { list } = schema
    this.schema = schema
    this.rowsAsked = rows
    this.rowsMax = Math.max(1, Math.min(rows, Math.floor(FIELDS_MAX / (list.length + 1))))
    const rowsMax = this.rowsMax
    this.decodes = list.map(({ kind }) => (kind.tag === 'utf8' ? null : decodeOf(kind.tag)))
    this.texts = list.map(() => null)
    this.closed = list.map(({ kind }) => kind.values !== null)
    const kinds = list.map(f => f.kind)
    this.space = new Workspace(rowsMax, { fieldsMax: list.length + 1, kinds, ...o })
    this.columns = list.map(({ kind }) => (kind.tag === 'utf8' ? null : this.space.column(kind)))
    this.kernel = DecodeKernel.over(this.space)
    this.window = new Window(this.space.window)
    this.offsets = new Float64Array(rowsMax)
    this.selection = new Int32Array(rowsMax)
    this.#idle = o.idle
  }

  text(k: number): TextColumn {
    const known = this.texts[k]
    if (known) return known
    const { list } = this.schema
    const { kind } = list[k] as (typeof list)[number]
    const made = new TextColumn(this.space, kind, list.length)
    this.texts[k] = made
    return made
  }

  /** Room for the longest field, unescaped; latin1 text may take three times its bytes. */
  roomFor({ limit }: Walk, latin1: boolean): Bytes {
    const needed = latin1 ? limit * 3 : limit
    if (this.plain.length < needed) this.plain = Buffer.allocUnsafeSlow(needed) as Bytes
    return this.plain
  }

  /** A walk that fills these arrays. */
  walk(recordBytesMax: number): Walk {
    const { rowsMax, window } = this
    const { starts, ends, at } = this.space
    const stride = this.schema.list.length + 1
    return {
      bytes: window.bytes,
      view: window.view,
      next: 0,
      limit: 0,
      final: false,
      stop: 0,
      skipping: false,
      rows: 0,
      rowsMax,
      starts,
      ends,
      at,
      stride,
      recordBytesMax,
      lines: 0,
      broken: [],
    }
  }

  release(): void {
    this.window.release()
    if (this.plain.length > 4 << 20) this.plain = Buffer.alloc(0) as unknown as Bytes
    if (this.#idle.length < 2) this.#idle.push(this)
  }
}

const decodeOf = (tag: string): Decode => DECODE[tag as keyof typeof DECODE]
