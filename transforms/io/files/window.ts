/** A moving window over a stream's bytes, as large as its longest record needs. */
import type { ByteStream } from './byte-stream.ts'
import type { Bytes } from './fields.ts'
import { LF } from './walk.ts'
import { SLACK_BYTES } from './workspace.ts'

/** What is read beyond a split's end at a time, for the record that begins before it. */
const BEYOND = 32 * 1024

export class Window {
  bytes: Bytes
  view: DataView
  /** Bytes in the window. */
  limit = 0
  final = false
  /** The window's first byte in the object. */
  base = 0
  readonly #first: Bytes
  #stream: ByteStream | null = null

  /** `bytes`: what it begins with, and comes back to. */
  constructor(bytes: Bytes) {
    this.#first = bytes
    this.bytes = bytes
    this.view = viewOf(bytes)
  }

  open(stream: ByteStream, base: number): void {
    this.#stream = stream
    this.base = base
    this.limit = 0
    this.final = false
    this.bytes[0] = LF
  }

  /**
   * Moves the bytes from `keep` on to the front and reads more behind them; `stop` is where our part
   * of the object ends. Answers whether they are there already.
   */
  fill(keep: number, stop: number): Promise<void> | null {
    const left = this.limit - keep
    if (left * 2 > this.bytes.length - SLACK_BYTES) this.#grow(left * 4)
    this.bytes.copyWithin(0, keep, this.limit)
    this.base += keep
    this.limit = left
    const ours = stop - (this.base + left)
    const wanted = ours > 0 ? ours + BEYOND : BEYOND
    const to = Math.min(this.bytes.length - SLACK_BYTES, Math.max(left + wanted, left * 2))
    return this.#read(to)
  }

  /** Forgets the first bytes. */
  drop(count: number): void {
    this.bytes.copyWithin(0, count, this.limit + 1)
    this.base += count
    this.limit -= count
  }

  #read(to: number): Promise<void> | null {
    const stream = this.#stream as ByteStream
    while (this.limit < to) {
      const count = stream.read(this.bytes, this.limit, to - this.limit)
      if (count instanceof Promise)
        return count.then(n => {
          this.#take(n)
          return n === 0 ? undefined : (this.#read(to) ?? undefined)
        })
      this.#take(count)
      if (count === 0) break
    }
    return null
  }

  #take(count: number): void {
    this.limit += count
    if (count === 0) this.final = true
    this.bytes[this.limit] = LF
  }

  #grow(size: number): void {
    const grown = Buffer.allocUnsafeSlow(size + SLACK_BYTES) as Bytes
    this.bytes.copy(grown, 0, 0, this.limit)
    this.bytes = grown
    this.view = viewOf(grown)
  }

  /** Gives back what a long record needed. */
  release(): void {
    this.#stream = null
    if (this.bytes === this.#first) return
    this.bytes = this.#first
    this.view = viewOf(this.bytes)
  }
}

const viewOf = (bytes: Buffer): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
