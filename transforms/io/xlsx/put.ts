/** Writes a cell's value into its row as the text that its column reads. */
import type { Kind } from '../../../engine/data/kind.ts'
import { show } from '../../../engine/data/value.ts'
import type { Cell } from './cell.ts'
import { fieldOf } from './field.ts'
import type { Lines } from './lines.ts'
import { type Dated, dateText, numberText } from './numbers.ts'
import type { Texts } from './texts.ts'

/** What the values of a workbook's cells are told by. */
export interface Book {
  readonly texts: Texts
  /** By style: whether it shows a date. */
  readonly dates: readonly boolean[]
  readonly days: Days
}

/** Excel writes 17 digits, and shows 15. */
const DIGITS = 15

/** Answers why the value is none for the kind, where no text can tell; null where it is written. */
export function putCell(
  cell: Cell,
  { required }: Kind,
  o: { lines: Lines; book: Book },
): string | null {
  const { lines, book } = o
  switch (cell.type) {
    case 's':
      return putShared(cell, o)
    case 'b':
      lines.text(cell.bytes[0] === 49 ? 'true' : 'false')
      return null
    case 'e':
      lines.text(fieldOf(cell.text()))
      return `expected ${required.name}, got the error ${cell.text()}`
    case null:
    case 'n':
      if (book.dates[cell.style] === true) return putDate(cell, required, o)
      putNumber(cell, required, lines)
      return null
    default:
      lines.text(fieldOf(cell.text()))
      return null
  }
}

function putShared(cell: Cell, { lines, book }: { lines: Lines; book: Book }): string | null {
  const text = book.texts.at(cell.whole())
  if (text === null) return `the workbook has no shared text ${cell.text()}`
  lines.bytes(text.bytes, text.start, text.end)
  return null
}

/** A double takes all digits that there are; most numbers are short, and stand as they are. */
function putNumber(cell: Cell, { tag }: Kind, lines: Lines): void {
  const float = tag === 'float64' || tag === 'float32'
  if (float || (cell.length <= DIGITS && !cell.hasExponent()))
    lines.bytes(cell.bytes, 0, cell.length)
  else lines.text(numberText(cell.text()))
}

function putDate(
  cell: Cell,
  kind: Kind,
  { lines, book }: { lines: Lines; book: Book },
): string | null {
  const text = book.days.text(cell, datedOf(kind))
  lines.text(text ?? cell.text())
  return text === null ? `expected ${kind.name}, got ${show(cell.text())} (no such day)` : null
}

/** Numbers of days as texts. Neighbouring rows often share one: the last is kept. */
export class Days {
  readonly #from1904: boolean
  #last = Buffer.alloc(32)
  #length = -1
  #as: Dated = 'text'
  #text: string | null = null

  constructor(from1904: boolean) {
    this.#from1904 = from1904
  }

  text(cell: Cell, as: Dated): string | null {
    if (as === this.#as && this.#isLast(cell)) return this.#text
    this.#text = dateText(Number(cell.text()), { from1904: this.#from1904, as })
    this.#as = as
    this.#length = cell.length <= this.#last.length ? cell.length : -1
    for (let i = 0; i < this.#length; i++) this.#last[i] = cell.bytes[i] as number
    return this.#text
  }

  #isLast({ bytes, length }: Cell): boolean {
    if (length !== this.#length) return false
    for (let i = 0; i < length; i++) if (bytes[i] !== this.#last[i]) return false
    return true
  }
}

const datedOf = ({ tag }: Kind): Dated =>
  tag === 'timestamp' || tag === 'datetime' ? 'time' : tag === 'date' ? 'date' : 'text'

/** A cell of the header as text. */
export function nameOf(cell: Cell, { texts }: Book): string {
  if (cell.type !== 's') return cell.text()
  const text = texts.at(cell.whole())
  const field = text === null ? '' : text.bytes.toString('utf8', text.start, text.end)
  return /^".*"$/s.test(field) ? field.slice(1, -1).replaceAll('""', '"') : field
}
