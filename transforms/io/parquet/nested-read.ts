/** Reads a nested column: its leaves side by side, put together as the bytes of `engine/data/nested.ts`. */
import type { Kind } from '../../../engine/data/kind.ts'
import { ByteSink } from '../../../engine/data/byte-sink.ts'
import { joined } from '../../../engine/data/plain.ts'
import type { Filled } from './decoded.ts'
import { FLAW, flawText } from './flaws.ts'
import { ReadyRows } from './ready-rows.ts'
import type { ParquetFile } from './footer-read.ts'
import type { RowGroupMeta } from './format.ts'
import { type LeafBinding, LeafStream } from './leaf-stream.ts'
import { Malformed } from './thrift-read.ts'

/** How a value is put together from its leaves, which are numbered from `first`. */
export type Shape = ListShape | StructShape | LeafShape
interface AnyShape {
  readonly kind: Kind
  /** Definition level of a value that is there. */
  readonly defined: number
  /** Its leaves: so many from the first. */
  readonly first: number
  readonly count: number
}
export interface ListShape extends AnyShape {
  readonly is: 'list'
  readonly element: Shape
  /** Levels of an element that is there or null. */
  readonly elementDefined: number
  readonly repeats: number
}
export interface StructShape extends AnyShape {
  readonly is: 'struct'
  /** Null where the file has no such field. */
  readonly fields: readonly { readonly name: string; readonly shape: Shape | null }[]
}
export interface LeafShape extends AnyShape {
  readonly is: 'leaf'
}

export interface NestedBinding {
  readonly shape: Shape
  readonly leaves: readonly LeafBinding[]
  /** No part may be null in the file that may not be in our kind. */
  readonly strict: boolean
}

/** A part that its kind cannot take. */
class PartFlaw extends Error {
  path = ''
}
function within(part: string, error: unknown): unknown {
  if (error instanceof PartFlaw) error.path = joined(part, error.path)
  return error
}

const disagreeing = (): Malformed => new Malformed('the parts of a nested column do not agree')

export class NestedReader {
  readonly #name: string
  readonly #shape: Shape
  readonly #leaves: readonly LeafStream[]
  readonly #sink = new ByteSink()
  /** Rows that were put together, and not asked for yet. */
  #ready: ReadyRows
  /** Rows that the row group still has. */
  #left = 0
  readonly long = true

  constructor(
    file: ParquetFile,
    { name, binding }: { name: string; binding: NestedBinding },
    advance: (bytes: number) => void,
  ) {
    this.#name = name
    this.#shape = binding.shape
    this.#ready = new ReadyRows(binding.shape.kind)
    this.#leaves = binding.leaves.map(leaf => new LeafStream(file, leaf, advance))
  }

  begin(group: RowGroupMeta): void {
    this.#left = group.rows
    this.#ready = new ReadyRows(this.#shape.kind)
    for (const leaf of this.#leaves) leaf.begin(group)
  }

  /**
   * How many of the next rows `fill` may be asked for, that all but the last take less than so many bytes;
   * `rows` at most. They are put together.
   */
  reach(rows: number, bytesMax: number): number {
    const ready = this.#ready
    const before = ready.rows
    while (ready.rows < rows && (ready.rows === 0 || ready.bytes < bytesMax)) {
      const why = this.#record()
      if (why !== null) ready.refuse(why)
      else ready.add(this.#sink.bytes, this.#sink.at)
    }
    this.#passed(ready.rows - before)
    return Math.min(rows, ready.rows)
  }

  fill(rows: number): Filled {
    this.reach(rows, Number.POSITIVE_INFINITY)
    const ready = this.#ready
    this.#ready = ready.after(rows)
    return ready.filled(rows)
  }

  /** One record into the sink, after a byte; nothing where it is null. Answers why it cannot be read. */
  #record(): string | null {
    this.#sink.at = 0
    for (const leaf of this.#leaves) leaf.startRecord()
    try {
      this.#part(this.#shape, 0)
      if (this.#sink.bytes[0] === 0) this.#sink.at = 0
      return null
    } catch (error) {
      if (!(error instanceof PartFlaw)) throw error
      for (const leaf of this.#leaves) leaf.endRecord()
      return `${joined(this.#name, error.path)}: ${error.message}`
    }
  }

  /** Where no row is ready: those that `reach` found come before any that are skipped. */
  skip(rows: number): void {
    for (const leaf of this.#leaves)
      for (let row = 0; row < rows; row++) {
        leaf.startRecord()
        leaf.endRecord()
      }
    this.#passed(rows)
  }

  #passed(rows: number): void {
    this.#left -= rows
    if (this.#left === 0) for (const leaf of this.#leaves) leaf.end()
  }

  /** A value with the byte before it that says whether it is null. `above`: the level of what holds it. */
  #part(shape: Shape, above: number): void {
    const first = this.#leaves[shape.first] as LeafStream
    const below = first.defined < shape.defined
    if (below || (shape.is === 'leaf' && first.none)) {
      if (first.defined < above) throw disagreeing()
      // The outermost may be null here: whether it may is asked where rows are judged.
      if (!shape.kind.optional && this.#sink.at > 0)
        throw new PartFlaw(flawText(shape.kind, FLAW.null))
      this.#sink.byte(0)
      if (below) this.#pass(shape, shape.defined)
      else first.pass()
      return
    }
    this.#sink.byte(1)
    if (shape.is === 'list') this.#list(shape)
    else if (shape.is === 'struct') this.#struct(shape)
    else this.#leaf(shape, first)
  }

  /** None of its leaves has a value: they are below the level. */
  #pass({ first, count }: Shape, below: number): void {
    for (let l = first; l < first + count; l++) {
      const leaf = this.#leaves[l] as LeafStream
      if (leaf.defined >= below) throw disagreeing()
      leaf.pass()
    }
  }

  /** Whether another element comes: all leaves of it say the same. */
  #repeats({ first, count, repeats }: ListShape): boolean {
    const more = (this.#leaves[first] as LeafStream).repeats(repeats)
    for (let l = first + 1; l < first + count; l++)
      if (this.#leaves[l]?.repeats(repeats) !== more) throw disagreeing()
    return more
  }

  #leaf({ kind }: LeafShape, leaf: LeafStream): void {
    const { flaw } = leaf
    if (flaw !== 0) throw new PartFlaw(flawText(kind.required, flaw))
    leaf.take(this.#sink)
  }

  #list(shape: ListShape): void {
    const first = this.#leaves[shape.first] as LeafStream
    const at = this.#sink.at
    let count = 0
    this.#sink.word(0)
    if (first.defined < shape.elementDefined) this.#pass(shape, shape.elementDefined)
    else
      try {
        do {
          this.#part(shape.element, shape.elementDefined)
          count++
        } while (this.#repeats(shape))
      } catch (error) {
        throw within(`[${count}]`, error)
      }
    this.#sink.view.setUint32(at, count, true)
  }

  #struct({ fields, defined }: StructShape): void {
    let at = ''
    try {
      for (const { name, shape } of fields) {
        at = name
        if (shape === null) this.#sink.byte(0)
        else this.#part(shape, defined)
      }
    } catch (error) {
      throw within(at, error)
    }
  }
}
