/**
 * Rows to group numbers, which count up by first appearance. Keys of text are the codes of the
 * batches' dictionary, as long as all have the same one; else codes of the table's own pools, found
 * through an array by the batch's code, so that a string is hashed once per dictionary entry. Either
 * way it is compared as an integer. Null is a key of its own; NaN equals NaN; -0 equals 0.
 * The lookup is a kernel's (`KeyNumbers`), or generated (`GeneratedKeys`): they number alike.
 */
import { type Batch, type Chosen, columnOf } from '../../data/batch.ts'
import { type Column, isText } from '../../data/column.ts'
import { KeyNumbers } from '../../data/key-numbers.ts'
import type { Kind } from '../../data/kind.ts'
import { mapCodes } from '../../data/map-codes.ts'
import { Pool } from '../../data/pool.ts'
import { GeneratedKeys } from './generated-keys.ts'

/** From a batch pool's codes to a table pool's codes; kept while the batches bring the same pool. */
class Remap {
  readonly pool: Pool
  codes = new Int32Array(0)
  #source: Pool | null = null
  #known = 0

  constructor(pool = new Pool(true)) {
    this.pool = pool
  }

  /** `all`: every entry is used, as it is in blocks of an exchange. */
  prepare(source: Pool, all: boolean): Int32Array {
    if (all) {
      this.#source = null
      if (this.codes.length < source.count) this.codes = new Int32Array(source.count * 2)
      this.pool.internAll(source, this.codes)
      return this.codes
    }
    if (source !== this.#source || !source.unique) this.#known = 0
    this.#source = source
    if (this.codes.length < source.count) {
      const grown = new Int32Array(source.count * 2)
      grown.set(this.codes.subarray(0, this.#known))
      this.codes = grown
    }
    if (this.#known < source.count) this.codes.fill(-1, this.#known, source.count)
    this.#known = source.count
    return this.codes
  }

  add(code: number): number {
    const source = this.#source as Pool
    const own = this.pool.internHashed(
      source.bytes,
      source.offsets[code] as number,
      source.offsets[code + 1] as number,
      source.hashOf(code),
    )
    this.codes[code] = own
    return own
  }

  /** The same memory for another pool. */
  renewed(): Remap {
    const remap = new Remap(this.pool.renewed())
    remap.codes = this.codes
    return remap
  }
}

/** Numbers of the keys, whoever finds them. */
type Keys = Pick<GeneratedKeys, 'count' | 'assign' | 'column' | 'clear' | 'reserve' | 'heldBytes'>

export class GroupTable {
  readonly kinds: readonly Kind[]
  readonly #keys: Keys
  readonly #remaps: (Remap | null)[]
  /** By key: the batches' own dictionary, whose codes stand for text while all batches have it. */
  #adopted: (Pool | null)[] = []
  /** By key: codes of a batch in those of the table's own pool. */
  readonly #codes: Int32Array[]

  constructor(
    kinds: readonly Kind[],
    keys: Keys = KeyNumbers.of(kinds) ?? new GeneratedKeys(kinds),
  ) {
    this.kinds = kinds
    this.#keys = keys
    this.#remaps = kinds.map(kind => (isText(kind) ? new Remap() : null))
    this.#codes = kinds.map(() => new Int32Array(0))
  }

  get count(): number {
    return this.#keys.count
  }

  /** The group of each selected row, by row index; new keys become new groups. Valid until the next call. */
  assign(batch: Batch, keys: readonly number[]): Int32Array {
    const columns = keys.map(key => columnOf(batch, key))
    if (this.count === 0) this.#adopted = columns.map(c => (c.pool?.unique ? c.pool : null))
    else if (columns.some((c, j) => this.#adopted[j] && this.#adopted[j] !== c.pool)) this.#leave()
    return this.#number(columns, batch)
  }

  #number(columns: readonly Column[], rows: Chosen): Int32Array {
    return this.#keys.assign(
      columns.map((column, j) => {
        const remap = this.#remaps[j]
        return remap && !this.#adopted[j] ? this.#mapped(column, remap, j, rows) : column
      }),
      rows,
    )
  }

  /** The column with codes of the table's own pool. */
  #mapped(column: Column, remap: Remap, j: number, { rows, selected, selection }: Chosen): Column {
    const pool = column.pool as Pool
    const all = selection === null && !pool.unique && pool.count <= selected
    const map = remap.prepare(pool, all)
    if ((this.#codes[j] as Int32Array).length < rows) this.#codes[j] = new Int32Array(rows)
    const into = this.#codes[j] as Int32Array
    const values = column.values as Int32Array
    const { valid } = column
    for (let k = 0; ; k++) {
      k = mapCodes(values, valid, selection, k, selected, map, into)
      if (k === selected) return { ...column, values: into }
      const i = selection === null ? k : (selection[k] as number)
      into[i] = remap.add(values[i] as number)
    }
  }

  /** Another dictionary came: the groups that are there get codes of the table's own pools. */
  #leave(): void {
    const { count } = this
    const columns = this.kinds.map((kind, j) => {
      const { values, valid, pool } = this.column(j, kind)
      return { kind, values: values.slice(), valid: valid?.slice() ?? null, pool }
    })
    this.#keys.clear()
    this.#adopted = []
    this.#number(columns, { rows: count, selected: count, selection: null })
  }

  /** Makes room for so many groups. */
  reserve(groups: number): void {
    this.#keys.reserve(groups)
  }

  /** A key's column over groups `from` … `to`: valid until the next call for the same key, or of `assign`. */
  column(j: number, kind: Kind, from = 0, to = this.count): Column {
    const { values, valid } = this.#keys.column(j, from, to)
    const remap = this.#remaps[j]
    if (!remap) return { kind, values, valid, pool: null }
    const pool = this.#adopted[j] ?? remap.pool
    if (!kind.optional) return { kind, values, valid: null, pool }
    const codes = (values as Int32Array).slice()
    const there = new Uint8Array(to - from).fill(1)
    for (let g = 0; g < codes.length; g++) {
      if ((codes[g] as number) >= 0) continue
      there[g] = 0
      codes[g] = 0
    }
    return { kind, values: codes, valid: there, pool }
  }

  /** Bytes of the text of the keys of groups `from` and on. */
  textBytes(from: number): number {
    const { count } = this
    if (from === count) return 0
    let bytes = 0
    this.#remaps.forEach((remap, j) => {
      if (remap === null) return
      const codes = this.#keys.column(j, from, count).values as Int32Array
      bytes += sumLengths(codes, (this.#adopted[j] ?? remap.pool).offsets)
    })
    return bytes
  }

  /** Forgets all groups. Pools stay while they are small. */
  clear(): void {
    this.#keys.clear()
    this.#remaps.forEach((remap, j) => {
      if (remap && remap.pool.count > 1 << 16) this.#remaps[j] = new Remap()
    })
  }

  /** As new, in the same memory: what `column` answered so far may not be read any more. */
  renew(): void {
    this.#keys.clear()
    this.#remaps.forEach((remap, j) => {
      this.#remaps[j] = remap?.renewed() ?? null
    })
  }

  get heldBytes(): number {
    let bytes = this.#keys.heldBytes
    for (const r of this.#remaps) bytes += r ? r.pool.heldBytes + r.codes.byteLength : 0
    return bytes
  }
}

function sumLengths(codes: Int32Array, offsets: Int32Array): number {
  let bytes = 0
  for (let g = 0; g < codes.length; g++) {
    const code = codes[g] as number
    if (code >= 0) bytes += (offsets[code + 1] as number) - (offsets[code] as number)
  }
  return bytes
}
