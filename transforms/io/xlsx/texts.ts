/** The texts that a workbook's cells share: bytes, one after another, as they are written into rows. */
import { Fault } from '../../../engine/fault.ts'
import type { Bytes } from '../files/fields.ts'
import type { Container } from './container.ts'
import { fieldOf } from './field.ts'
import { CLOSE, END, MORE, OPEN, TEXT } from './xml.ts'

const [SI, T, RPH] = [0x7369, 0x74, 0x725068]

export class Texts {
  #bytes = Buffer.alloc(64 * 1024) as Bytes
  #length = 0
  #offsets = new Float64Array(1024)
  #count = 0
  readonly #path: string
  readonly #bytesMax: number

  constructor(path: string, bytesMax: number) {
    this.#path = path
    this.#bytesMax = bytesMax
  }

  get count(): number {
    return this.#count
  }

  add(text: string): void {
    const field = fieldOf(text)
    const bytes = Buffer.byteLength(field)
    if (this.#length + bytes + this.#count * 8 > this.#bytesMax)
      throw new Fault(
        'resource',
        `the texts of ${this.#path} take more than ${this.#bytesMax} bytes`,
        {
          hint: 'raise option textBytesMax, or save the sheet as CSV',
        },
      )
    if (this.#length + bytes > this.#bytes.length)
      this.#bytes = grown(this.#bytes, 2 * (this.#length + bytes))
    this.#length += this.#bytes.write(field, this.#length)
    if (this.#count + 2 > this.#offsets.length) {
      const offsets = new Float64Array(2 * this.#offsets.length)
      offsets.set(this.#offsets)
      this.#offsets = offsets
    }
    this.#offsets[++this.#count] = this.#length
  }

  /** The text's bytes as a field; null: there is no such text. */
  at(index: number): { bytes: Bytes; start: number; end: number } | null {
    if (!(index >= 0 && index < this.#count)) return null
    const start = this.#offsets[index] as number
    return { bytes: this.#bytes, start, end: this.#offsets[index + 1] as number }
  }
}

function grown(bytes: Bytes, length: number): Bytes {
  const more = Buffer.allocUnsafe(length) as Bytes
  bytes.copy(more)
  return more
}

/** All shared texts; of rich text its runs, without what tells how to pronounce it. */
export async function readTexts(
  container: Container,
  o: { part: string | null; bytesMax: number },
): Promise<Texts> {
  const texts = new Texts(container.path, o.bytesMax)
  if (o.part === null || !container.has(o.part)) return texts
  const xml = container.xml(o.part)
  let text = ''
  let taken = false
  let aside = false
  for (;;) {
    const token = xml.step()
    if (token === END) return texts
    if (token === MORE) await xml.fill()
    else if (token === TEXT) text += taken && !aside ? xml.text() : ''
    else {
      const open = token === OPEN && !xml.empty
      const id = xml.short()
      if (id === T) taken = open
      else if (id === RPH) aside = open
      else if (id === SI && token === OPEN) text = ''
      if (id === SI && (token === CLOSE || xml.empty)) texts.add(text)
    }
  }
}
