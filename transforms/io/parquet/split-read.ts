/** Reads a split: some row groups of one file, the wanted columns of them, batch by batch. */
import { type Batch, dense } from '../../../engine/data/batch.ts'
import type { Column } from '../../../engine/data/column.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { ReadRequest, Split, SplitEnd, SplitReader } from '../../../engine/io/source.ts'
import { type Binding, indexesOf } from './bind.ts'
import { ColumnReader } from './column-read.ts'
import type { Filled } from './decoded.ts'
import { FLAW, flawText } from './flaws.ts'
import { guarded, type ParquetFile } from './footer-read.ts'
import type { RowGroupMeta } from './format.ts'
import { type Gap, gapsOf } from './gaps.ts'
import { NestedReader } from './nested-read.ts'
import { passedBy } from './split-plan.ts'
import { maySift } from './statistics-read.ts'

type AnyReader = ColumnReader | NestedReader

/** Texts and nested values of a batch, as far as several rows have more. */
const BATCH_BYTES_MAX = 32 << 20
/** Of the task's memory a batch may take one. */
const MEMORY_PARTS = 8

export interface SplitPlace {
  readonly file: ParquetFile
  readonly split: Split
  readonly schema: AnySchema
  readonly bindings: readonly Binding[]
  readonly groups: readonly RowGroupMeta[]
  /** Those of which planning has told and accounted for all rows: they are not read. */
  readonly passed: ReadonlySet<RowGroupMeta>
}

export class ParquetSplitReader implements SplitReader {
  readonly #place: SplitPlace
  readonly #request: ReadRequest
  readonly #readers: (AnyReader | null)[]
  #group = -1
  /** Rows of the row group that came before the batch, and with it. */
  #from = 0
  #to = 0
  /** Rows of the split before the row group. */
  #before = 0
  #batch: Batch | null = null
  /** Why parts of nested columns cannot be read, by column. */
  #reasons: (Filled['reasons'] | undefined)[] = []
  /** Rows of the row group that are not read, from the next on. */
  #gaps: Gap[] = []

  constructor(place: SplitPlace, request: ReadRequest) {
    this.#place = place
    this.#request = request
    this.#readers = place.bindings.map((binding, i) => {
      const sifts = place.groups.some(g => maySift(binding, g))
      return request.wanted[i] || sifts ? this.#reader(binding) : null
    })
  }

  #reader(binding: Binding): AnyReader {
    const { file } = this.#place
    const { nested: found, leaf } = binding
    const advance = (bytes: number): void => this.#request.advance(bytes)
    if (found === null) return new ColumnReader(file, binding, advance)
    return new NestedReader(file, { name: leaf.path[0] ?? '', binding: found }, advance)
  }

  /** Where the next batch begins: the row group by its number, and the columns that are read of it. */
  get upcoming(): { readonly group: number; readonly columns: readonly number[] } {
    const { groups, passed, bindings } = this.#place
    let to = this.#to
    for (const gap of this.#gaps) if (gap.from === to) to = gap.to
    let group = this.#group
    if (to >= this.#rowsOfGroup)
      do group++
      while (passed.has(groups[group] as RowGroupMeta))
    return { group, columns: bindings.flatMap((b, i) => (this.#readers[i] ? indexesOf(b) : [])) }
  }

  next(): Batch | null {
    return guarded(this.#place.file.path, () => this.#next())
  }

  #next(): Batch | null {
    const { schema, split } = this.#place
    if (!this.#find()) {
      this.#batch = null
      return null
    }
    this.#from = this.#to
    const end = this.#gaps[0]?.from ?? this.#rowsOfGroup
    const rows = this.#reach(Math.min(this.#request.rowsPerBatch, end - this.#from))
    this.#to += rows
    const filled = this.#readers.map(reader => reader?.fill(rows) ?? null)
    const firstRow = this.#before + this.#from
    const batch = dense(
      schema,
      filled.map((f, i) => f && this.#columnOf(f, i)),
      rows,
    )
    this.#batch = { ...batch, origin: { uri: split.uri, offsets: null, firstRow } }
    this.#reasons = filled.map(f => f?.reasons)
    this.#leaveOut(filled.map((f, i) => f && this.#flawsOf(f, i)))
    return this.#batch
  }

  /** As many of the next rows as their long values let lie together in memory; one at least. */
  #reach(most: number): number {
    const { memoryBytes = BATCH_BYTES_MAX * MEMORY_PARTS } = this.#request
    const bytes = Math.min(BATCH_BYTES_MAX, memoryBytes / MEMORY_PARTS)
    const long = this.#readers.filter(reader => reader?.long) as AnyReader[]
    const first = Math.min(most, this.#unreadReach(bytes))
    return long.reduce((rows, reader) => reader.reach(rows, bytes / long.length), first)
  }

  /** A column that is not read may be asked for later, for all rows of a batch: those are bounded by what rows take on average. */
  #unreadReach(bytes: number): number {
    const { groups, bindings } = this.#place
    const { chunks, rows } = groups[this.#group] as RowGroupMeta
    const unread = bindings.flatMap((b, i) => (this.#readers[i] ? [] : indexesOf(b)))
    const raw = unread.reduce((sum, index) => sum + (chunks[index]?.rawBytes ?? 0), 0)
    return Math.max(1, Math.floor((bytes * rows) / Math.max(1, raw)))
  }

  /** Goes to the next row to be read: it comes after `#to`. False at the end. */
  #find(): boolean {
    const { groups } = this.#place
    for (;;) {
      const [gap] = this.#gaps
      if (gap?.from === this.#to) {
        this.#gaps.shift()
        this.#request.leaveOut?.skipped(gap.to - gap.from, gap.by)
        for (const reader of this.#readers) reader?.skip(gap.to - gap.from)
        this.#to = gap.to
      } else if (this.#to < this.#rowsOfGroup) return true
      else {
        this.#before += this.#rowsOfGroup
        this.#from = 0
        this.#to = 0
        const group = groups[Math.min(++this.#group, groups.length)]
        if (group === undefined) return false
        if (this.#place.passed.has(group)) {
          this.#gaps = []
          this.#to = group.rows
          continue
        }
        this.#gaps = this.#gapsOf(group)
        for (const reader of this.#readers) reader?.begin(group)
      }
    }
  }

  /** Rows of which none is wanted, and none may have to be rejected, are not read. */
  #gapsOf(group: RowGroupMeta): Gap[] {
    const { leaveOut } = this.#request
    const { bindings, schema } = this.#place
    if (leaveOut === undefined || group.rows === 0) return []
    if (bindings.some(b => maySift(b, group))) return []
    const by = passedBy(group, bindings, { schema, conditions: leaveOut.conditions })
    return by >= 0 ? [{ from: 0, to: group.rows, by }] : gapsOf(this.#place, group, leaveOut)
  }

  get #rowsOfGroup(): number {
    return this.#place.groups[this.#group]?.rows ?? 0
  }

  #columnOf({ column }: Filled, index: number): Column {
    return this.#bindingOf(index).kind.optional ? column : { ...column, valid: null }
  }

  #bindingOf(index: number): Binding {
    return this.#place.bindings[index] as Binding
  }

  /** Values that do not fit, and nulls where none may be. */
  #flawsOf({ column, flaws }: Filled, index: number): Uint8Array | null {
    if (column.valid === null || this.#bindingOf(index).kind.optional) return flaws
    const found = flaws === null ? new Uint8Array(column.valid.length) : flaws.slice()
    for (let i = 0; i < found.length; i++) if (column.valid[i] === 0) found[i] = FLAW.null
    return found
  }

  /** Takes flawed rows out of the batch: each is rejected, for its first flaw. */
  #leaveOut(flaws: readonly (Uint8Array | null)[]): void {
    const batch = this.#batch as Batch
    if (flaws.every(f => f === null)) return
    const selection = new Int32Array(batch.rows)
    let selected = 0
    for (let row = 0; row < batch.rows; row++) {
      const column = flaws.findIndex(f => f !== null && f[row] !== 0)
      if (column < 0) selection[selected++] = row
      else this.#reject(row, column, flaws[column]?.[row] as number)
    }
    if (selected === batch.rows) return
    batch.selection = selection
    batch.selected = selected
  }

  #reject(row: number, index: number, flaw: number): void {
    const { schema, split, bindings } = this.#place
    const column = this.#batch?.columns[index]
    const { kind } = bindings[index] as Binding
    const raw = flaw === FLAW.set ? column?.pool?.string(column.values[row] as number) : ''
    this.#request.reject({
      reason: this.#reasons[index]?.get(row) ?? flawText(kind, flaw),
      column: schema.list[index]?.name ?? null,
      uri: split.uri,
      line: this.#before + this.#from + row + 1,
      offset: null,
      raw: raw ?? '',
    })
  }

  widen(wanted: readonly boolean[]): Batch {
    const batch = this.#batch
    const { groups, bindings, file } = this.#place
    if (batch === null) throw new Fault('engine', 'there is no batch to widen')
    guarded(file.path, () => {
      bindings.forEach((binding, i) => {
        if (!wanted[i] || this.#readers[i]) return
        const reader = this.#reader(binding)
        reader.begin(groups[this.#group] as RowGroupMeta)
        reader.skip(this.#from)
        const filled = reader.fill(batch.rows)
        this.#readers[i] = reader
        this.#checkLate(this.#flawsOf(filled, i), i)
        batch.columns[i] = this.#columnOf(filled, i)
      })
    })
    return batch
  }

  /** `maySift` has ruled this out: only a file that breaks its own word comes here. */
  #checkLate(flaws: Uint8Array | null, index: number): void {
    const { selection, selected } = this.#batch as Batch
    if (flaws === null) return
    for (let k = 0; k < selected; k++) {
      const row = selection?.[k] ?? k
      const flaw = flaws[row] as number
      if (flaw === 0) continue
      const name = JSON.stringify(this.#place.schema.list[index]?.name)
      const line = this.#before + this.#from + row + 1
      const reason = flawText(this.#bindingOf(index).kind, flaw)
      throw new Fault(
        'data',
        `${this.#place.file.path}, row ${line} of its split, column ${name}: ${reason}`,
      )
    }
  }

  end(): SplitEnd {
    const { split, groups } = this.#place
    const lines = groups.reduce((sum, g) => sum + g.rows, 0)
    return { startedAt: split.start, endedAt: split.end, lines }
  }

  close(): void {
    this.#place.file.close()
  }
}
