/**
 * Min, max, first and last: accumulators that keep one row's value for each group. All four are one
 * machine: keep the value whose ordering value is best. For min and max the two are the same column.
 */
import { compare } from '../../data/compare.ts'
import { type Batch, columnOf } from '../../data/batch.ts'
import { type Column, isText, lanes, newValues, type Values } from '../../data/column.ts'
import { isWide, type Kind } from '../../data/kind.ts'
import { Pool } from '../../data/pool.ts'
import type { Field } from '../../data/schema.ts'
import { readUnits } from '../../data/value.ts'
import { compileOnce } from '../compile-once.ts'
import type { Accumulator } from './accumulator.ts'

/** Values of one kind by group; text is copied into an own pool. */
class Held {
  readonly kind: Kind
  pool: Pool | null
  values: Values
  valid: Uint8Array
  #codes = new Int32Array(0)
  #source: Pool | null = null
  constructor(kind: Kind) {
    this.kind = kind
    this.pool = isText(kind) ? new Pool(true) : null
    this.values = newValues(kind, 0)
    this.valid = new Uint8Array(0)
  }
  reserve(size: number): void {
    const values = newValues(this.kind, size)
    ;(values as Float64Array).set(this.values as unknown as Float64Array)
    const valid = new Uint8Array(size)
    valid.set(this.valid)
    this.values = values
    this.valid = valid
  }
  set(g: number, from: Column, i: number): void {
    const there = from.valid === null || from.valid[i] !== 0
    this.valid[g] = there ? 1 : 0
    if (isWide(this.kind)) {
      this.values[2 * g] = from.values[2 * i] as bigint
      this.values[2 * g + 1] = from.values[2 * i + 1] as bigint
    } else if (!this.pool) this.values[g] = from.values[i] as number
    else this.values[g] = there ? this.#code(from.pool as Pool, from.values[i] as number) : 0
  }
  #code(source: Pool, code: number): number {
    // The codes of a pool that is not unique mean something else with each batch.
    if (!source.unique) return this.#intern(source, code)
    if (source !== this.#source || this.#codes.length < source.count) {
      this.#source = source
      this.#codes = new Int32Array(source.count * 2).fill(-1)
    }
    const known = this.#codes[code] as number
    if (known >= 0) return known
    const own = this.#intern(source, code)
    this.#codes[code] = own
    return own
  }
  #intern({ bytes, offsets }: Pool, code: number): number {
    const own = this.pool as Pool
    return own.intern(bytes, offsets[code] as number, offsets[code + 1] as number)
  }
  /** What groups `from` … `to` hold: views. */
  column(from: number, to: number, kind: Kind): Column {
    const width = lanes(kind)
    const values = this.values.subarray(from * width, to * width)
    const valid = kind.optional ? this.valid.subarray(from, to) : null
    return { kind, values, valid, pool: this.pool }
  }
  clear(): void {
    this.valid.fill(0)
    if (this.values instanceof BigInt64Array) this.values.fill(0n)
    else this.values.fill(0)
    this.#source = null
    // Whoever took the columns may hold codes of the old one.
    if (this.pool && this.pool.count > 0) this.pool = new Pool(true)
  }
  get heldBytes(): number {
    return this.values.byteLength + this.valid.byteLength + (this.pool?.heldBytes ?? 0)
  }
}

type Better = (
  held: Values,
  g: number,
  from: Values,
  i: number,
  a: Pool | null,
  b: Pool | null,
) => boolean

/** Whether the row at i beats what is held, by the values' order. */
function betterOf(kind: Kind, greatest: boolean, ties: boolean): Better {
  const wins = (order: number) => (greatest ? order > 0 : order < 0) || (ties && order === 0)
  if (isText(kind))
    return (held, g, from, i, a, b) => {
      const x = (b as Pool).view(from[i] as number)
      return wins(Buffer.compare(x, (a as Pool).view(held[g] as number)))
    }
  if (isWide(kind))
    return (held, g, from, i) => {
      const x = readUnits({ kind, values: from, valid: null, pool: null }, i)
      return wins(compare(x, readUnits({ kind, values: held, valid: null, pool: null }, g)))
    }
  const op = `${greatest ? '>' : '<'}${ties ? '=' : ''}`
  const float = kind.tag === 'float32' || kind.tag === 'float64'
  // NaN is greater than all numbers and equal to itself.
  const nan = float ? `if(x!==x||y!==y){const o=(x!==x?1:0)-(y!==y?1:0);return o${op}0}` : ''
  const body = `return function(held,g,from,i){const x=from[i],y=held[g];${nan}return x${op}y}`
  return compileOnce<Better>('better', [], `/*${kind.tag}*/${body}`, [])
}

export interface Picking {
  readonly name: string
  /** Position of the value's column, and of the ordering column. */
  readonly column: number
  readonly by: number
  readonly columnKind: Kind
  readonly byKind: Kind
  readonly output: Kind
  /** Keep the greatest; else the least. */
  readonly greatest: boolean
  /** first and last: a null ordering value takes part, before all others; min and max skip it. */
  readonly nulls: boolean
}

export class Pick implements Accumulator {
  readonly partialFields: readonly Field[]
  readonly #p: Picking
  readonly #same: boolean
  readonly #better: Better
  readonly #order: Held
  readonly #value: Held
  #seen = new Uint8Array(0)

  constructor(p: Picking) {
    this.#p = p
    this.#same = p.column === p.by && !p.nulls
    this.#order = new Held(p.byKind)
    this.#value = this.#same ? this.#order : new Held(p.columnKind)
    this.#better = betterOf(p.byKind, p.greatest, p.greatest && p.nulls)
    const value = { name: `${p.name}.value`, kind: p.columnKind.nullable }
    const order = { name: `${p.name}.by`, kind: p.byKind.nullable }
    this.partialFields = this.#same ? [value] : [value, order]
  }

  reserve(groups: number): void {
    if (groups <= this.#seen.length) return
    const size = Math.max(256, groups, this.#seen.length * 2)
    this.#order.reserve(size)
    if (!this.#same) this.#value.reserve(size)
    const seen = new Uint8Array(size)
    seen.set(this.#seen)
    this.#seen = seen
  }

  update(batch: Batch, groups: Int32Array): void {
    this.#take(batch, groups, columnOf(batch, this.#p.column), columnOf(batch, this.#p.by))
  }

  merge(batch: Batch, groups: Int32Array, at: number): void {
    this.#take(batch, groups, columnOf(batch, at), columnOf(batch, this.#same ? at : at + 1))
  }

  #take(batch: Batch, groups: Int32Array, value: Column, by: Column): void {
    const { selection, selected } = batch
    for (let k = 0; k < selected; k++) {
      const i = selection === null ? k : (selection[k] as number)
      const g = groups[i] as number
      if (!this.#beats(g, by, i)) continue
      this.#seen[g] = 1
      this.#order.set(g, by, i)
      if (!this.#same) this.#value.set(g, value, i)
    }
  }

  #beats(g: number, by: Column, i: number): boolean {
    const there = by.valid === null || by.valid[i] !== 0
    if (!there && !this.#p.nulls) return false
    if (this.#seen[g] === 0) return true
    const held = this.#order
    const { greatest } = this.#p
    if (!there || held.valid[g] === 0) {
      const order = (there ? 1 : 0) - (held.valid[g] as number)
      return greatest ? order >= 0 : order < 0
    }
    return this.#better(held.values, g, by.values, i, held.pool, by.pool)
  }

  partial(from: number, to: number): Column[] {
    const value = this.#value.column(from, to, this.#p.columnKind.nullable)
    return this.#same ? [value] : [value, this.#order.column(from, to, this.#p.byKind.nullable)]
  }

  result(from: number, to: number): Column {
    return this.#value.column(from, to, this.#p.output)
  }

  clear(): void {
    this.#seen.fill(0)
    this.#order.clear()
    this.#value.clear()
  }

  get heldBytes(): number {
    return this.#order.heldBytes + (this.#same ? 0 : this.#value.heldBytes)
  }

  get textBytes(): number {
    const value = this.#same ? 0 : (this.#value.pool?.size ?? 0)
    return (this.#order.pool?.size ?? 0) + value
  }
}
