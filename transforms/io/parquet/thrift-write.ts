/**
 * Writes Thrift's compact protocol: as much of it as Parquet's footer and page headers take.
 * Source: thrift/doc/specs/thrift-compact-protocol.md.
 */
import { Bytes } from './bytes.ts'

export const WIRE = {
  true: 1,
  false: 2,
  i8: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  struct: 12,
}
export type Wire = (typeof WIRE)[keyof typeof WIRE]

export class ThriftWriter {
  readonly out: Bytes
  #last = 0
  readonly #outer: number[] = []
  constructor(out = new Bytes()) {
    this.out = out
  }

  #field(id: number, type: Wire): void {
    const delta = id - this.#last
    if (delta > 0 && delta < 16) this.out.u8((delta << 4) | type)
    else {
      this.out.u8(type)
      this.out.zigzag(id)
    }
    this.#last = id
  }

  bool(id: number, value: boolean): void {
    this.#field(id, value ? WIRE.true : WIRE.false)
  }
  i8(id: number, value: number): void {
    this.#field(id, WIRE.i8)
    this.out.u8(value & 255)
  }
  i16(id: number, value: number): void {
    this.#field(id, WIRE.i16)
    this.out.zigzag(value)
  }
  i32(id: number, value: number): void {
    this.#field(id, WIRE.i32)
    this.out.zigzag(value)
  }
  /** Up to ±2^52. */
  i64(id: number, value: number): void {
    this.#field(id, WIRE.i64)
    this.out.zigzag(value)
  }
  binary(id: number, value: Uint8Array): void {
    this.#field(id, WIRE.binary)
    this.#raw(value)
  }
  text(id: number, value: string): void {
    this.binary(id, Buffer.from(value))
  }
  #raw(value: Uint8Array): void {
    this.out.varint(value.length)
    this.out.append(value)
  }

  /** A list's head; its elements follow through `element…` or `open`/`close`. */
  list(id: number, type: Wire, count: number): void {
    this.#field(id, WIRE.list)
    if (count < 15) this.out.u8((count << 4) | type)
    else {
      this.out.u8(0xf0 | type)
      this.out.varint(count)
    }
  }
  elementI32(value: number): void {
    this.out.zigzag(value)
  }
  elementI64(value: number): void {
    this.out.zigzag(value)
  }
  elementBool(value: boolean): void {
    this.out.u8(value ? WIRE.true : WIRE.false)
  }
  elementBinary(value: Uint8Array): void {
    this.#raw(value)
  }
  elementText(value: string): void {
    this.#raw(Buffer.from(value))
  }

  /** Begins a struct: as field `id`, or as a list's element or the message where there is none. */
  open(id?: number): void {
    if (id !== undefined) this.#field(id, WIRE.struct)
    this.#outer.push(this.#last)
    this.#last = 0
  }
  close(): void {
    this.out.u8(0)
    this.#last = this.#outer.pop() as number
  }
}
