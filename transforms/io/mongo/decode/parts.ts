/**
 * Nested kinds from BSON: a value's bytes of `engine/data/nested.ts`, without objects between. Parts
 * follow the rules of columns of their kinds. A document's fields may stand in any order, a missing
 * one is null, others are passed over. What is refused says where: `[2].price`.
 */
import type { Kind } from '../../../../engine/data/kind.ts'
import type { ByteSink } from '../../../../engine/data/byte-sink.ts'
import { elementOf, structOf } from '../../../../engine/data/nested.ts'
import { PartError, within } from '../../files/decode/json-part.ts'
import { JsonWriter, NotUtf8 } from '../bson/json.ts'
import { Level } from '../bson/levels.ts'
import { afterName, broken, isAbsent, TYPE, valueEnd } from '../bson/types.ts'
import { DocumentWalk } from '../bson/walk.ts'
import { LeafPart } from './leaf-part.ts'
import { otherType, type Part, type Place } from './part.ts'

const parts = new WeakMap<Kind, Part>()

export function partOf(kind: Kind): Part {
  const known = parts.get(kind)
  if (known !== undefined) return known
  const made = madeFor(kind)
  parts.set(kind, made)
  return made
}

function madeFor(kind: Kind): Part {
  if (kind.tag === 'list') return new ListPart(kind)
  if (kind.tag === 'struct') return new StructPart(kind)
  return kind.tag === 'json' ? new JsonPart(kind) : new LeafPart(kind)
}

function orNull(kind: Kind, part: Part, place: Place, s: number, into: ByteSink): void {
  if (!isAbsent(place.types[s] as number)) {
    into.byte(1)
    part.write(place, s, into)
  } else if (kind.optional) into.byte(0)
  else throw otherType(kind, place, s)
}

/** With its length before it. */
class JsonPart implements Part {
  readonly #kind: Kind
  constructor(kind: Kind) {
    this.#kind = kind
  }
  write(place: Place, s: number, into: ByteSink): void {
    const start = into.at
    into.word(0)
    writeJson(this.#kind, place, s, into)
    into.view.setUint32(start, into.at - start - 4, true)
  }
}

export function writeJson(
  kind: Kind,
  { bytes, view, at, types }: Place,
  s: number,
  into: ByteSink,
): void {
  const type = types[s] as number
  const p = at[2 * s] as number
  const writer = new JsonWriter(into, 'plain')
  writer.over(bytes, view)
  try {
    writer.value(type, type === TYPE.string || type === TYPE.symbol ? p - 4 : p)
  } catch (error) {
    if (!(error instanceof NotUtf8)) throw error
    throw new PartError(`expected ${kind.required.name}, got a text that is no UTF-8`)
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
  write(place: Place, s: number, into: ByteSink): void {
    if (place.types[s] !== TYPE.array) throw otherType(this.#kind, place, s)
    const { bytes, view } = place
    // A place of its own for each call: lists of lists use the same part at two depths.
    const cell: Place = { bytes, view, at: new Int32Array(2), types: new Uint8Array(1) }
    const start = into.at
    let count = 0
    into.word(0)
    try {
      for (let p = (place.at[2 * s] as number) + 4; bytes[p] !== 0; count++) {
        const type = bytes[p] as number
        const from = afterName(bytes, p + 1)
        p = valueEnd(bytes, view, type, from)
        if (p >= (place.at[2 * s + 1] as number)) broken(type)
        put(cell, type, from, p)
        orNull(this.#element, this.#part, cell, 0, into)
      }
    } catch (error) {
      throw within(`[${count}]`, error)
    }
    into.view.setUint32(start, count, true)
  }
}

/** As a walk notes it. */
function put({ at, types }: Place, type: number, start: number, end: number): void {
  const text = type === TYPE.string || type === TYPE.symbol
  types[0] = type
  at[0] = text ? start + 4 : start
  at[1] = text ? end - 1 : end
}

interface FieldPart {
  readonly name: string
  readonly kind: Kind
  readonly part: Part
}

class StructPart implements Part {
  readonly #kind: Kind
  readonly #fields: readonly FieldPart[]
  readonly #walk: DocumentWalk
  constructor(kind: Kind) {
    const { list } = structOf(kind)
    const stride = list.length
    this.#kind = kind
    this.#fields = list.map(f => ({ ...f, part: partOf(f.kind) }))
    const at = new Int32Array(2 * stride)
    this.#walk = new DocumentWalk(Level.ofNames(list.map(f => f.name)), { at, stride, rowsMax: 1 })
  }
  write(place: Place, s: number, into: ByteSink): void {
    if (place.types[s] !== TYPE.document) throw otherType(this.#kind, place, s)
    const walk = this.#walk
    walk.bytes = place.bytes
    walk.view = place.view
    walk.document(place.at[2 * s] as number, place.at[2 * s + 1] as number, 0)
    for (let k = 0; k < this.#fields.length; k++) {
      const { name, kind, part } = this.#fields[k] as FieldPart
      try {
        orNull(kind, part, walk, k, into)
      } catch (error) {
        throw within(name, error)
      }
    }
  }
}
