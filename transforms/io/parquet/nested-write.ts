/**
 * A nested column of a file being written: its values taken apart into leaves, each of which is a column
 * chunk with definition and repetition levels.
 * Source: Melnik et al., "Dremel", VLDB 2010; parquet-format, "Nested Encoding".
 */
import type { Column } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { type ByteSource, viewOf } from '../../../engine/data/byte-sink.ts'
import { elementOf, structOf } from '../../../engine/data/nested.ts'
import { partColumn, type PartColumn } from '../../../engine/data/part-column.ts'
import type { Pool, Utf8Buffer } from '../../../engine/data/pool.ts'
import type { Field } from '../../../engine/data/schema.ts'
import { newChunk } from './chunk-pool.ts'
import type { ChunkWriter, Records } from './chunk-write.ts'
import { type LeafSpec, leavesOfField } from './schema-write.ts'

/** Rows that are taken apart at once. */
const ROWS = 1024

export class NestedColumn {
  readonly chunks: readonly ChunkWriter[]
  readonly #kind: Kind
  readonly #leaves: readonly Leaf[]
  readonly #shred: Shred

  constructor(field: Field, rowsPerPage: number) {
    const specs = leavesOfField(field)
    this.#kind = field.kind
    this.#leaves = specs.map(spec => new Leaf(spec))
    this.chunks = specs.map(s => newChunk(s.kind.required, rowsPerPage, s))
    const at = { defined: field.kind.optional ? 1 : 0, repeated: 0 }
    this.#shred = taking(field.kind.required, [...this.#leaves], at)
  }

  append(column: Column, selection: Int32Array | null, from: number, to: number): void {
    const { bytes, offsets } = column.pool as Pool
    const source = { bytes: bytes as Utf8Buffer, view: viewOf(bytes), at: 0 }
    for (let at = from; at < to; at += ROWS) {
      const until = Math.min(to, at + ROWS)
      for (const leaf of this.#leaves) leaf.begin()
      for (let k = at; k < until; k++) {
        const i = selection === null ? k : (selection[k] as number)
        for (const leaf of this.#leaves) leaf.startRecord()
        if (this.#kind.optional && column.valid?.[i] === 0) this.#shred.none(0, 0)
        else {
          source.at = offsets[column.values[i] as number] as number
          this.#shred.some(source, 0)
        }
      }
      this.#leaves.forEach((leaf, l) => {
        this.chunks[l]?.appendRecords(leaf.end(), 0, until - at)
      })
    }
  }

  /** For the next row group. */
  reset(): void {
    for (const chunk of this.chunks) chunk.reset()
  }

  release(): void {}
}

/** A leaf's levels and values, of some records. */
class Leaf {
  readonly spec: LeafSpec
  readonly #part: PartColumn
  #defined = new Uint8Array(ROWS)
  #repeated = new Uint8Array(ROWS)
  readonly #slotAt = new Int32Array(ROWS + 1)
  readonly #valueAt = new Int32Array(ROWS + 1)
  #slots = 0
  #values = 0
  #records = 0

  constructor(spec: LeafSpec) {
    this.spec = spec
    this.#part = partColumn(spec.kind, spec.kind.required, ROWS)
  }

  begin(): void {
    this.#slots = 0
    this.#values = 0
    this.#records = 0
    this.#part.renew()
  }

  startRecord(): void {
    this.#slotAt[this.#records] = this.#slots
    this.#valueAt[this.#records++] = this.#values
  }

  none(defined: number, repeated: number): void {
    if (this.#slots === this.#defined.length) this.#grow()
    this.#defined[this.#slots] = defined
    this.#repeated[this.#slots++] = repeated
  }

  some(from: ByteSource, repeated: number): void {
    this.none(this.spec.defined, repeated)
    this.#part.room(this.#values + 1)
    this.#part.read(from, this.#values++)
  }

  end(): Records {
    this.#slotAt[this.#records] = this.#slots
    this.#valueAt[this.#records] = this.#values
    return {
      column: this.#part.column,
      defined: this.#defined,
      repeated: this.#repeated,
      slotAt: this.#slotAt,
      valueAt: this.#valueAt,
    }
  }

  #grow(): void {
    const [defined, repeated] = [this.#defined, this.#repeated].map(levels => {
      const larger = new Uint8Array(levels.length * 2)
      larger.set(levels)
      return larger
    })
    this.#defined = defined as Uint8Array<ArrayBuffer>
    this.#repeated = repeated as Uint8Array<ArrayBuffer>
  }
}

/** Takes a value apart. `repeated`: the level at which it repeats. */
interface Shred {
  /** The value that comes next, which is not null. */
  some(from: ByteSource, repeated: number): void
  /** No value: `defined` is the level down to which there is one. */
  none(defined: number, repeated: number): void
}

interface At {
  /** Definition level of a value that is there, though nothing within it may be. */
  readonly defined: number
  readonly repeated: number
}

/** Takes the leaves of its parts off the list, in order. */
function taking(kind: Kind, left: Leaf[], at: At): Shred {
  if (kind.tag === 'list') return new ListShred(elementOf(kind), left, at)
  if (kind.tag === 'struct') return new StructShred(kind, left, at)
  return left.shift() as Leaf
}

class ListShred implements Shred {
  readonly #element: Shred
  readonly #at: At
  constructor(element: Kind, left: Leaf[], { defined, repeated }: At) {
    this.#at = { defined, repeated: repeated + 1 }
    const inside = defined + 1 + (element.optional ? 1 : 0)
    this.#element = taking(element.required, left, { defined: inside, repeated: repeated + 1 })
  }
  some(from: ByteSource, repeated: number): void {
    const count = from.view.getUint32(from.at, true)
    from.at += 4
    if (count === 0) this.#element.none(this.#at.defined, repeated)
    for (let i = 0; i < count; i++) {
      const level = i === 0 ? repeated : this.#at.repeated
      if (from.bytes[from.at++] === 1) this.#element.some(from, level)
      else this.#element.none(this.#at.defined + 1, level)
    }
  }
  none(defined: number, repeated: number): void {
    this.#element.none(defined, repeated)
  }
}

class StructShred implements Shred {
  readonly #fields: readonly Shred[]
  readonly #defined: number
  constructor(kind: Kind, left: Leaf[], { defined, repeated }: At) {
    this.#defined = defined
    this.#fields = structOf(kind).list.map(f =>
      taking(f.kind.required, left, { defined: defined + (f.kind.optional ? 1 : 0), repeated }),
    )
  }
  some(from: ByteSource, repeated: number): void {
    for (const field of this.#fields) {
      if (from.bytes[from.at++] === 1) field.some(from, repeated)
      else field.none(this.#defined, repeated)
    }
  }
  none(defined: number, repeated: number): void {
    for (const field of this.#fields) field.none(defined, repeated)
  }
}
