/**
 * Nested values as bytes: how a pool holds lists, structs and json, so that whatever carries text
 * (exchange, spill, sort, dictionaries) carries them too. Equal values have equal bytes, whether or
 * not their parts may be null: as -0 equals 0, and NaN equals NaN, there is one 0 and one NaN in them.
 *
 * | kind                     | bytes                                                        |
 * |--------------------------|--------------------------------------------------------------|
 * | an element, a field      | 0: null; else 1, and the value                               |
 * | utf8, bytes, json        | uint32 length, then as many bytes; json as its own text      |
 * | list                     | uint32 count, then its elements                              |
 * | struct                   | its fields in the schema's order                             |
 * | every other kind         | as in a column's `values` (`column.ts`), little-endian       |
 *
 * The outermost value has no first byte, and a json no length: null is its column's `valid`.
 *
 * Example: `list(struct(sku:utf8 n:int32?))` with `[{ sku: 'a', n: null }]` takes 12 bytes:
 * 1 0 0 0 · 1 · 1 · 1 0 0 0 · 61 · 0.
 */
import { type ByteSource, ByteSink, viewOf } from './byte-sink.ts'
import { bytesPerRow, type Column, newColumn } from './column.ts'
import type { Kind } from './kind.ts'
import type { Utf8Buffer } from './pool.ts'
import type { AnySchema } from './schema.ts'
import { readPlain, ValueError, within, writePlain } from './plain.ts'

/** A kind's two directions. */
export interface Codec {
  write(value: unknown, into: ByteSink): void
  read(from: ByteSource): unknown
  skip(from: ByteSource): void
}

const codecs = new WeakMap<Kind, Codec>()

/** The codec of a kind's values, null left out. */
export function codecOf(kind: Kind): Codec {
  const known = codecs.get(kind)
  if (known !== undefined) return known
  const made = makeCodec(kind)
  codecs.set(kind, made)
  return made
}

function makeCodec(kind: Kind): Codec {
  switch (kind.tag) {
    case 'utf8':
      return new TextCodec(kind)
    case 'bytes':
      return new BytesCodec(kind)
    case 'json':
      return new JsonCodec(kind)
    case 'list':
      return new ListCodec(kind)
    case 'struct':
      return new StructCodec(kind)
    default:
      return new PlainCodec(kind)
  }
}

/** The element kind of a list. */
export const elementOf = (kind: Kind): Kind => kind.inner as Kind

/** The fields of a struct. */
export const structOf = (kind: Kind): AnySchema => kind.inner as AnySchema

/** Null or a value, with the byte that says which. */
function writePart(kind: Kind, codec: Codec, value: unknown, into: ByteSink): void {
  if (value === null || value === undefined) {
    if (!kind.optional) throw new ValueError(kind, value)
    into.byte(0)
    return
  }
  into.byte(1)
  codec.write(value, into)
}

const readPart = (codec: Codec, from: ByteSource): unknown =>
  from.bytes[from.at++] === 0 ? null : codec.read(from)

function skipPart(codec: Codec, from: ByteSource): void {
  if (from.bytes[from.at++] !== 0) codec.skip(from)
}

/** Kinds of fixed width, through a column of one row: its rules are theirs. */
class PlainCodec implements Codec {
  readonly #column: Column
  readonly #bytes: Uint8Array

  constructor(kind: Kind) {
    this.#column = newColumn(kind.required, 1)
    const { buffer } = this.#column.values
    this.#bytes = new Uint8Array(buffer, 0, bytesPerRow(kind))
  }
  write(value: unknown, into: ByteSink): void {
    writePlain(this.#column, 0, value)
    into.plain(this.#column.kind, this.#bytes, 0, this.#bytes.length)
  }
  read(from: ByteSource): unknown {
    this.#bytes.set(from.bytes.subarray(from.at, from.at + this.#bytes.length))
    from.at += this.#bytes.length
    return readPlain(this.#column, 0)
  }
  skip(from: ByteSource): void {
    from.at += this.#bytes.length
  }
}

function skipText(from: ByteSource): void {
  from.at += 4 + from.view.getUint32(from.at, true)
}

/** Bytes after their length. */
abstract class CountedCodec implements Codec {
  readonly kind: Kind
  constructor(kind: Kind) {
    this.kind = kind.required
  }
  read(from: ByteSource): unknown {
    const start = from.at + 4
    skipText(from)
    return this.value(from.bytes, start, from.at)
  }
  skip(from: ByteSource): void {
    skipText(from)
  }
  abstract write(value: unknown, into: ByteSink): void
  abstract value(bytes: Utf8Buffer, start: number, end: number): unknown
}

class TextCodec extends CountedCodec {
  write(value: unknown, into: ByteSink): void {
    const { values } = this.kind
    if (typeof value !== 'string' || (values !== null && !values.includes(value)))
      throw new ValueError(this.kind, value)
    into.text(value)
  }
  value(bytes: Utf8Buffer, start: number, end: number): string {
    return bytes.utf8Slice(start, end)
  }
}

class BytesCodec extends CountedCodec {
  write(value: unknown, into: ByteSink): void {
    if (!(value instanceof Uint8Array)) throw new ValueError(this.kind, value)
    into.word(value.length)
    into.raw(value)
  }
  value(bytes: Utf8Buffer, start: number, end: number): Uint8Array {
    return Uint8Array.from(bytes.subarray(start, end))
  }
}

/** JSON text, as it was given: digits that no double holds stay. */
class JsonCodec extends CountedCodec {
  write(value: unknown, into: ByteSink): void {
    into.text(jsonText(this.kind, value))
  }
  value(bytes: Utf8Buffer, start: number, end: number): unknown {
    return JSON.parse(bytes.utf8Slice(start, end))
  }
}

/** Throws ValueError: JSON has no such value (NaN, a bigint, a function, a cycle). */
export function jsonText(kind: Kind, value: unknown): string {
  const refuse = (got: unknown): never => {
    throw new ValueError(kind, got, 'JSON has no such value')
  }
  const checked = (_: string, part: unknown): unknown =>
    typeof part === 'bigint' || (typeof part === 'number' && !Number.isFinite(part))
      ? refuse(part)
      : part
  let text: string | undefined
  try {
    text = JSON.stringify(value, checked)
  } catch (error) {
    if (error instanceof ValueError) throw error
    return refuse(value)
  }
  return text ?? refuse(value)
}

class ListCodec implements Codec {
  readonly #kind: Kind
  readonly #element: Kind
  readonly #codec: Codec
  constructor(kind: Kind) {
    this.#kind = kind.required
    this.#element = elementOf(kind)
    this.#codec = codecOf(this.#element)
  }
  write(value: unknown, into: ByteSink): void {
    if (!Array.isArray(value)) throw new ValueError(this.#kind, value)
    into.word(value.length)
    let i = 0
    try {
      for (; i < value.length; i++) writePart(this.#element, this.#codec, value[i], into)
    } catch (error) {
      throw within(`[${i}]`, error)
    }
  }
  read(from: ByteSource): unknown[] {
    const count = from.view.getUint32(from.at, true)
    from.at += 4
    const list: unknown[] = []
    for (let i = 0; i < count; i++) list.push(readPart(this.#codec, from))
    return list
  }
  skip(from: ByteSource): void {
    const count = from.view.getUint32(from.at, true)
    from.at += 4
    for (let i = 0; i < count; i++) skipPart(this.#codec, from)
  }
}

class StructCodec implements Codec {
  readonly #kind: Kind
  readonly #fields: readonly { readonly name: string; readonly kind: Kind; readonly codec: Codec }[]
  constructor(kind: Kind) {
    this.#kind = kind.required
    this.#fields = structOf(kind).list.map(f => ({ ...f, codec: codecOf(f.kind) }))
  }
  write(value: unknown, into: ByteSink): void {
    const wrong = typeof value !== 'object' || value === null || Array.isArray(value)
    if (wrong) throw new ValueError(this.#kind, value)
    let at = ''
    try {
      for (const { name, kind, codec } of this.#fields) {
        at = name
        const part = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null
        writePart(kind, codec, part, into)
      }
    } catch (error) {
      throw within(at, error)
    }
  }
  read(from: ByteSource): Record<string, unknown> {
    const struct: Record<string, unknown> = {}
    for (const { name, codec } of this.#fields) {
      const value = readPart(codec, from)
      // Assigned, it would be the object's prototype.
      if (name !== '__proto__') struct[name] = value
      else Object.defineProperty(struct, name, { value, enumerable: true })
    }
    return struct
  }
  skip(from: ByteSource): void {
    for (const { codec } of this.#fields) skipPart(codec, from)
  }
}

const sink = new ByteSink()

/** A whole value's bytes, valid until the next call. Throws ValueError, with the path that failed. */
export function encodeNested(kind: Kind, value: unknown): Uint8Array {
  sink.at = 0
  if (kind.tag === 'json') return Buffer.from(jsonText(kind.required, value), 'utf8')
  codecOf(kind.required).write(value, sink)
  return sink.bytes.subarray(0, sink.at)
}

/** The value of bytes that `encodeNested` made, as a lambda sees it. */
export function decodeNested(kind: Kind, entry: Uint8Array): unknown {
  const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength) as Utf8Buffer
  if (kind.tag === 'json') return JSON.parse(bytes.utf8Slice(0, bytes.length))
  return codecOf(kind.required).read({ bytes, view: viewOf(bytes), at: 0 })
}
