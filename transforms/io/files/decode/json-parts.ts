/** A kind's parts, each of which reads its value of a JSON text into the bytes of `engine/data/nested.ts`. */
import type { Kind } from '../../../../engine/data/kind.ts'
import type { ByteSink } from '../../../../engine/data/byte-sink.ts'
import { elementOf, structOf } from '../../../../engine/data/nested.ts'
import { Keys } from '../keys.ts'
import { type Part, PartError, refused, within } from './json-part.ts'
import type { JsonText } from './json-text.ts'
import { LeafPart } from './leaf-part.ts'

const parts = new WeakMap<Kind, Part>()

export function partOf(kind: Kind): Part {
  const known = parts.get(kind)
  if (known !== undefined) return known
  const { tag } = kind
  const made =
    tag === 'list'
      ? new ListPart(kind)
      : tag === 'struct'
        ? new StructPart(kind)
        : tag === 'json'
          ? new JsonPart()
          : new LeafPart(kind)
  parts.set(kind, made)
  return made
}

function orNull(kind: Kind, part: Part, text: JsonText, into: ByteSink): void {
  if (text.next() !== 110) {
    into.byte(1)
    part.read(text, into)
  } else {
    absent(kind, into)
    text.pass()
  }
}

function absent(kind: Kind, into: ByteSink): void {
  if (!kind.optional) throw new PartError(`expected ${kind.name}, got null`)
  into.byte(0)
}

/** With its length before it. */
class JsonPart implements Part {
  read(text: JsonText, into: ByteSink): void {
    const start = into.at
    into.word(0)
    text.copy(into)
    into.view.setUint32(start, into.at - start - 4, true)
  }
}

class ListPart implements Part {
  readonly #kind: Kind
  readonly #element: Kind
  readonly #part: Part
  constructor(kind: Kind) {
    this.#kind = kind
    this.#element = elementOf(kind)
    this.#part = partOf(this.#element)
  }
  read(text: JsonText, into: ByteSink): void {
    if (text.next() !== 91) throw refused(this.#kind, text)
    const start = into.at
    let count = 0
    into.word(0)
    try {
      for (; text.enters(93); count++) orNull(this.#element, this.#part, text, into)
    } catch (error) {
      throw within(`[${count}]`, error)
    }
    into.view.setUint32(start, count, true)
  }
}

interface FieldPart {
  readonly name: string
  readonly kind: Kind
  readonly part: Part
}

class StructPart implements Part {
  readonly #kind: Kind
  readonly #fields: readonly FieldPart[]
  readonly #keys: Keys
  /** Where each field's value starts; 0: it is not there. */
  readonly #starts: Int32Array
  readonly #place = new Int32Array(2)
  constructor(kind: Kind) {
    const schema = structOf(kind)
    this.#kind = kind
    this.#keys = new Keys(schema)
    this.#fields = schema.list.map(f => ({ ...f, part: partOf(f.kind) }))
    this.#starts = new Int32Array(schema.list.length)
  }
  read(text: JsonText, into: ByteSink): void {
    if (text.next() !== 123) throw refused(this.#kind, text)
    this.#find(text)
    const end = text.at
    let name = ''
    try {
      for (let k = 0; k < this.#fields.length; k++) {
        const field = this.#fields[k] as FieldPart
        name = field.name
        text.at = this.#starts[k] as number
        if (text.at < 0) absent(field.kind, into)
        else orNull(field.kind, field.part, text, into)
      }
    } catch (error) {
      throw within(name, error)
    }
    text.at = end
  }
  /** Of a key that is there twice the last one counts. */
  #find(text: JsonText): void {
    this.#starts.fill(-1)
    let guess = 0
    while (text.enters(125)) {
      const k = this.#key(text, guess)
      text.next()
      text.at++
      if (k >= 0) {
        this.#starts[k] = text.at
        guess = k + 1
      }
      text.pass()
    }
  }
  /** The field that a key names: most come in the schema's order. */
  #key(text: JsonText, guess: number): number {
    const place = this.#place
    text.scalar(place)
    const start = place[0] as number
    const end = place[1] as number
    const { bytes } = text
    if (end < 0) return this.#keys.findEscaped(bytes, start, ~end)
    const guessed = guess < this.#fields.length && this.#keys.is(guess, bytes, start, end)
    return guessed ? guess : this.#keys.find(bytes, start, end)
  }
}
