/**
 * The rows of a sheet as a stream of text lines, for the columns that are wanted, in the order of the
 * sheet. The lines are read as delimited text is; what no text can tell, an error or a formula
 * without its value, is refused here. Blank rows are none.
 */
import type { Kind } from '../../../engine/data/kind.ts'
import { Fault } from '../../../engine/fault.ts'
import type { ByteStream } from '../files/byte-stream.ts'
import { Cell } from './cell.ts'
import { Lines } from './lines.ts'
import { type Book, nameOf, putCell } from './put.ts'
import { END, MORE, OPEN, TEXT, type Xml } from './xml.ts'

const [ROW, C, V, T, F, RPH] = [0x726f77, 0x63, 0x76, 0x74, 0x66, 0x725068]
/** Lines are made until so many bytes are there. */
const ENOUGH = 128 * 1024
/** XFD is the last column that there can be. */
const COLUMNS_MAX = 16_384

/** A wanted column: where it is in the sheet, and what it becomes. */
export interface Wanted {
  readonly column: number
  readonly name: string
  readonly kind: Kind
}

/** A row that is refused before its text is read; `raw`: its line. */
export interface BadRow {
  readonly row: number
  readonly at: Wanted
  readonly reason: string
  readonly raw: string
}

/** `row` ended; of the others `END` and `MORE` as in xml.ts. */
const ENDED_ROW = TEXT

export class SheetRows implements ByteStream {
  readonly #xml: Xml
  readonly #book: Book
  readonly #o: { readonly stored: number; readonly inflated: number; readonly place: string }
  readonly #lines = new Lines(2 * ENOUGH)
  readonly #cell = new Cell()
  #wanted: readonly Wanted[] = []
  /** By the sheet's column: position in `wanted`, -1 for none. */
  #positions = new Int32Array(0)
  #reject: (bad: BadRow) => void = () => {}
  /** Of the header row that is looked for; null once there are lines. */
  #names: string[] | null = []
  #ended = false
  #seen = false
  #inside = false
  /** True within the value, and within what tells how to pronounce it. */
  #taken = false
  #aside = false
  #row = 0
  #next = 0
  #any = false
  #bad: { at: Wanted; reason: string } | null = null

  /** `place` names the sheet in faults; the others are the part's sizes. */
  constructor(xml: Xml, book: Book, o: { stored: number; inflated: number; place: string }) {
    this.#xml = xml
    this.#book = book
    this.#o = o
  }

  get stored(): number {
    const { stored, inflated } = this.#o
    return Math.min(stored, Math.round((this.#xml.read / Math.max(1, inflated)) * stored))
  }

  /** The names in row `row`, or in the first that is not blank, by column; null: there is no such row. */
  async header(row: number | null): Promise<readonly string[] | null> {
    for (;;) {
      this.#names ??= []
      const stopped = this.#run(1)
      if (stopped === END) return null
      if (stopped === MORE) await this.#xml.fill()
      else {
        const names = Array.from(this.#names, name => name ?? '')
        this.#names = null
        if (row === null ? names.some(n => n !== '') : this.#row === row) return names
        if (row !== null && this.#row > row) return null
      }
    }
  }

  /** Which columns lines have from here on, ascending, and who hears of rows that have none. */
  want(wanted: readonly Wanted[], reject: (bad: BadRow) => void): void {
    this.#names = null
    this.#wanted = wanted
    this.#reject = reject
    this.#positions = new Int32Array((wanted.at(-1)?.column ?? -1) + 1).fill(-1)
    for (const [position, { column }] of wanted.entries()) this.#positions[column] = position
  }

  read(into: Buffer, offset: number, length: number): number | Promise<number> {
    const count = this.#lines.give(into, offset, length)
    if (count > 0 || this.#ended) return count
    return this.#produce().then(() => this.#lines.give(into, offset, length))
  }

  async #produce(): Promise<void> {
    for (;;) {
      const stopped = this.#run(ENOUGH)
      if (stopped === ENDED_ROW) return
      if (stopped === MORE) await this.#xml.fill()
      else {
        this.#ended = true
        return
      }
    }
  }

  /** Walks on until more is needed, the sheet ends, or a row ended and there are `enough` bytes of lines. */
  #run(enough: number): number {
    const xml = this.#xml
    for (;;) {
      const token = xml.step()
      if (token === MORE) return MORE
      if (token === END) {
        if (!this.#seen || this.#inside) throw this.#broken('is no sheet, or ends too early')
        return END
      }
      if (token === TEXT) {
        if (this.#taken && !this.#aside) this.#cell.take(xml)
        continue
      }
      const ended = token === OPEN ? this.#open(xml) : this.#close(xml)
      if (ended && (this.#names !== null || this.#lines.length >= enough)) return ENDED_ROW
    }
  }

  /** True where a row ended, as it is empty. */
  #open(xml: Xml): boolean {
    const id = xml.short()
    if (!this.#inside) {
      if (id !== 0 || xml.name() !== 'sheetData') return false
      this.#seen = true
      this.#inside = !xml.empty
    } else if (id === C) {
      this.#taken = this.#aside = false
      this.#cell.start(xml)
      if (xml.empty) this.#endCell()
    } else if (id === V || id === T) {
      this.#taken = !xml.empty
      this.#cell.valued = true
    } else if (id === F) this.#cell.formula = true
    else if (id === RPH) this.#aside = !xml.empty
    else if (id === ROW) {
      this.#startRow(xml.attribute('r'))
      if (xml.empty) this.#endRow()
      return xml.empty
    }
    return false
  }

  /** True where a row ended. */
  #close(xml: Xml): boolean {
    if (!this.#inside) return false
    const id = xml.short()
    if (id === V || id === T) this.#taken = false
    else if (id === RPH) this.#aside = false
    else if (id === C) this.#endCell()
    else if (id === ROW) this.#endRow()
    else if (id === 0 && xml.name() === 'sheetData') this.#inside = false
    return id === ROW
  }

  #startRow(given: string | null): void {
    const row = given === null ? this.#row + 1 : Number(given)
    if (!(Number.isInteger(row) && row > this.#row))
      throw this.#broken(`has row ${given} after row ${this.#row}`)
    this.#row = row
    this.#next = 0
    this.#cell.column = -1
    this.#any = false
    this.#bad = null
    if (this.#names === null) this.#lines.startRow(row)
  }

  #endRow(): void {
    if (this.#names !== null) return
    const lines = this.#lines
    if (!this.#any) {
      lines.dropRow()
      return
    }
    lines.separate(this.#wanted.length - this.#next)
    if (this.#bad === null) lines.endRow()
    else this.#reject({ row: this.#row, ...this.#bad, raw: lines.dropRow() })
  }

  #endCell(): void {
    const cell = this.#cell
    if (!(cell.column >= 0 && cell.column < COLUMNS_MAX))
      throw this.#broken(`has a cell without a column, in row ${this.#row}`)
    const lacks = cell.formula && !cell.valued
    if (cell.length === 0 && !lacks) return
    if (this.#names !== null) {
      this.#names[cell.column] = nameOf(cell, this.#book)
      return
    }
    this.#any = true
    const position = this.#positions[cell.column] ?? -1
    if (position < 0) return
    if (position < this.#next) throw this.#broken(`has the cells of row ${this.#row} in no order`)
    this.#lines.separate(position + 1 - this.#next)
    this.#next = position + 1
    this.#put(this.#wanted[position] as Wanted, lacks)
  }

  #put(at: Wanted, lacks: boolean): void {
    const reason = lacks
      ? 'a formula without its value: calculate the workbook and save it'
      : putCell(this.#cell, at.kind, { lines: this.#lines, book: this.#book })
    if (reason !== null) this.#bad ??= { at, reason }
  }

  #broken(why: string): Fault {
    return new Fault('data', `${this.#o.place} ${why}`, {
      hint: 'open the workbook and save it again',
    })
  }

  /** What is open is the container's. */
  close(): void {
    this.#ended = true
  }
}
