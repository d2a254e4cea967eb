/**
 * Decoders of page bodies in WebAssembly (`page-kernel.as`), over one small memory a thread: a body is
 * copied in, what is decoded is read there or copied out. Each answers null for what it does not take:
 * a body that is too large for the memory, or that the readers in JavaScript have to judge.
 */
import {
  type Exports,
  instantiate,
  type WasmMemory,
  wasm,
} from '../../../engine/data/web-assembly.ts'
import { WASM } from './page-kernel.wasm.ts'

const PAGE_BYTES = 65_536
const PAGES_MIN = 32
/** 16 MB: room for a page of a million indices and their values. */
const PAGES_MAX = 256
/** What kernels may read or write past a region's end. */
const SLACK_BYTES = 16
const ALIGNED = 16

export interface KernelLevels {
  readonly levels: Uint8Array
  readonly some: number
}

export class PageKernel {
  readonly #memory: WasmMemory
  readonly #exports: Exports
  #pages = PAGES_MIN
  #used = 0

  private constructor(memory: WasmMemory) {
    this.#memory = memory
    this.#exports = instantiate(WASM, memory)
  }

  /** Null where the system grants no memory for one. */
  static make(): PageKernel | null {
    try {
      return new PageKernel(new wasm.Memory({ initial: PAGES_MIN, maximum: PAGES_MAX }))
    } catch {
      // Each memory reserves gigabytes of addresses, which a limit of the system may refuse.
      return null
    }
  }

  /** The hybrid, `count` values of `width` bits; a view, valid until the next call. */
  hybrid(body: Uint8Array, width: number, count: number): Int32Array | null {
    const [at, into] = this.#regions(body.length, count * 4)
    if (into === 0) return null
    this.#put(body, at)
    const failed = this.#call('hybrid', at, at + body.length, width, into, count)
    return failed ? null : new Int32Array(this.#memory.buffer, into, count)
  }

  /** The greatest of a view that `hybrid` has answered, unsigned. */
  greatest(words: Int32Array): number {
    return this.#call('greatest', words.byteOffset, words.length) >>> 0
  }

  /** Definition levels of `rows` rows: a copy, a byte a row. */
  levels(body: Uint8Array, rows: number): KernelLevels | null {
    const [at, into] = this.#regions(body.length, rows)
    if (into === 0) return null
    this.#put(body, at)
    const some = this.#call('levels', at, at + body.length, into, rows)
    return some < 0
      ? null
      : { levels: new Uint8Array(this.#memory.buffer).slice(into, into + rows), some }
  }

  /** Words of dense values to the rows that have a level of 1, zero elsewhere: a copy. */
  place(dense: Int32Array, levels: Uint8Array, lanes: 1 | 2): Int32Array | null {
    const rows = levels.length
    const [from, at, into] = this.#regions(dense.byteLength, rows, rows * lanes * 4)
    if (into === 0) return null
    const { buffer } = this.#memory
    new Int32Array(buffer, from).set(dense)
    new Uint8Array(buffer, at).set(levels)
    this.#call('place', from, at, into, rows, lanes)
    return new Int32Array(buffer, into, rows * lanes).slice()
  }

  /** DELTA_BINARY_PACKED of `count` values: their words, a copy. */
  delta(body: Uint8Array, count: number, lanes: 1 | 2): Int32Array | null {
    const [at, into] = this.#regions(body.length, count * lanes * 4)
    if (into === 0) return null
    this.#put(body, at)
    if (this.#call('delta', at, at + body.length, into, count, lanes) < 0) return null
    return new Int32Array(this.#memory.buffer, into, count * lanes).slice()
  }

  #call(name: string, ...words: number[]): number {
    return (this.#exports[name] as Exports[string])(...words)
  }

  #put(bytes: Uint8Array, at: number): void {
    new Uint8Array(this.#memory.buffer).set(bytes, at)
  }

  /** Where regions of these sizes lie; zeros where they do not fit. The first never lies at zero. */
  #regions(first: number, second: number, third = 0): [number, number, number] {
    this.#used = ALIGNED
    const at: [number, number, number] = [this.#take(first), this.#take(second), this.#take(third)]
    return this.#grown() ? at : [0, 0, 0]
  }

  #take(bytes: number): number {
    const at = this.#used
    this.#used += Math.ceil((bytes + SLACK_BYTES) / ALIGNED) * ALIGNED
    return at
  }

  #grown(): boolean {
    const pages = Math.ceil(this.#used / PAGE_BYTES)
    if (pages <= this.#pages) return true
    if (pages > PAGES_MAX) return false
    const wanted = Math.min(PAGES_MAX, Math.max(pages, this.#pages * 2))
    try {
      this.#memory.grow(wanted - this.#pages)
    } catch {
      return false
    }
    this.#pages = wanted
    return true
  }
}

let made: PageKernel | null | undefined

/** The thread's kernel. */
export function pageKernel(): PageKernel | null {
  if (made === undefined) made = PageKernel.make()
  return made
}
