/** A sheet's reader: rows are lines of delimited text; a reject names the sheet, the row and the cell. */
import type { Batch } from '../../../engine/data/batch.ts'
import type { Reject, SplitEnd, SplitReader } from '../../../engine/io/source.ts'
import { lettersOf } from './cell.ts'
import type { Container } from './container.ts'
import { SEPARATOR } from './options.ts'
import type { BadRow } from './sheet.ts'

const separator = String.fromCharCode(SEPARATOR)

/** How rejects of a sheet are told. */
export class Places {
  readonly #path: string
  readonly #sheet: string
  /** By the column's name in the schema: its letters. */
  readonly #letters: ReadonlyMap<string, string>

  constructor(path: string, sheet: string, columns: ReadonlyMap<string, number>) {
    this.#path = path
    this.#sheet = sheet
    this.#letters = new Map([...columns].map(([name, column]) => [name, lettersOf(column)]))
  }

  /** Of a line: its first field is the row's number. */
  line(reject: Reject): Reject {
    const cut = reject.raw.indexOf(separator)
    const row = Number(cut < 0 ? reject.raw : reject.raw.slice(0, cut))
    return this.#placed(reject, row)
  }

  row({ row, at, reason, raw }: BadRow): Reject {
    return this.#placed({ reason, column: at.name, uri: null, line: row, offset: null, raw }, row)
  }

  #placed({ reason, column, raw }: Reject, row: number): Reject {
    const letters = column === null ? undefined : this.#letters.get(column)
    const cell = letters === undefined ? `${row}:${row}` : `${letters}${row}`
    const [, ...cells] = raw.split(separator)
    return {
      reason,
      column,
      uri: `${this.#path}#${this.#sheet}!${cell}`,
      line: row,
      offset: null,
      raw: cells.join('\t'),
    }
  }
}

export class SheetReader implements SplitReader {
  readonly #inner: SplitReader
  readonly #container: Container

  constructor(inner: SplitReader, container: Container) {
    this.#inner = inner
    this.#container = container
  }

  next(): Batch | null | Promise<Batch | null> {
    return this.#inner.next()
  }

  widen(wanted: readonly boolean[]): Batch {
    return this.#inner.widen(wanted)
  }

  /** Rows have numbers of their own: none lie before a split. */
  end(): SplitEnd | null {
    return null
  }

  async close(): Promise<void> {
    await this.#inner.close()
    await this.#container.close()
  }
}
