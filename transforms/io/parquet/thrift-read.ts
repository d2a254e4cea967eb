/**
 * Reads Thrift's compact protocol into plain values: a struct is a Map by field id. Input is
 * untrusted: every read is bounded by the buffer, depth by 24, and a list by the bytes that are left.
 */
export type ThriftValue = number | bigint | boolean | Uint8Array | ThriftValue[] | ThriftStruct
export type ThriftStruct = Map<number, ThriftValue>

const DEPTH_MAX = 24

/** Malformed bytes; `failure.ts` turns it into a `data` fault that names the file. */
export class Malformed extends Error {}

export class ThriftReader {
  readonly bytes: Uint8Array
  at: number
  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  #u8(): number {
    if (this.at >= this.bytes.length) throw new Malformed('its metadata ends early')
    return this.bytes[this.at++] as number
  }

  /** Unsigned; a double up to 2^53. */
  #varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.#u8()
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
    throw new Malformed('a number in its metadata is too long')
  }

  /** Signed: a number where that is exact, else a bigint. */
  #zigzag(): number | bigint {
    const from = this.at
    const value = this.#varint()
    if (value <= Number.MAX_SAFE_INTEGER) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    let exact = 0n
    for (let i = this.at - 1; i >= from; i--)
      exact = (exact << 7n) | BigInt((this.bytes[i] as number) & 127)
    return BigInt.asIntN(64, (exact >> 1n) ^ -(exact & 1n))
  }

  #binary(): Uint8Array {
    const length = this.#varint()
    if (length > this.bytes.length - this.at) throw new Malformed('its metadata ends early')
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  struct(depth = 0): ThriftStruct {
    if (depth > DEPTH_MAX) throw new Malformed('its metadata is nested too deeply')
    const fields: ThriftStruct = new Map()
    let last = 0
    for (;;) {
      const head = this.#u8()
      if (head === 0) return fields
      const id = head >> 4 === 0 ? Number(this.#zigzag()) : last + (head >> 4)
      const type = head & 15
      fields.set(id, type === 1 ? true : type === 2 ? false : this.#value(type, depth))
      last = id
    }
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case 1:
      case 2:
        return this.#u8() === 1
      case 3:
        return (this.#u8() << 24) >> 24
      case 4:
      case 5:
      case 6:
        return this.#zigzag()
      case 7:
        this.at += 8
        if (this.at > this.bytes.length) throw new Malformed('its metadata ends early')
        return Buffer.from(this.bytes.subarray(this.at - 8, this.at)).readDoubleLE(0)
      case 8:
        return this.#binary()
      case 9:
      case 10:
        return this.#list(depth)
      case 12:
        return this.struct(depth + 1)
      default:
        throw new Malformed(`its metadata has a field of unknown type ${type}`)
    }
  }

  #list(depth: number): ThriftValue[] {
    if (depth > DEPTH_MAX) throw new Malformed('its metadata is nested too deeply')
    const head = this.#u8()
    const count = head >> 4 === 15 ? this.#varint() : head >> 4
    if (count > this.bytes.length - this.at) throw new Malformed('its metadata ends early')
    return Array.from({ length: count }, () => this.#value(head & 15, depth + 1))
  }
}
