/**
 * Finds rows of a store by key: open addressing over Int32 slots, with the hash of each row kept, so
 * that a slot is followed only where all 32 bits agree. The loop is generated for the kinds of the
 * keys. Null is a key of its own (or, for joins, equals nothing); NaN equals NaN; -0 equals 0.
 *
 * The table writes no rows: `assign` numbers the keys of a batch by first appearance and lists the
 * rows that brought new ones, which its owner then appends to the store. So a key's number is its
 * row's number, and within a batch new keys are compared with the batch's own rows.
 */
import { type Batch, columnOf } from '../../data/batch.ts'
import { type Column, isText, type Values } from '../../data/column.ts'
import { isWide, type Kind } from '../../data/kind.ts'
import type { Pool } from '../../data/pool.ts'
import { type AnySchema, indexOf } from '../../data/schema.ts'
import { halvesOf } from '../exchange/gather.ts'
import type { HashRows } from '../exchange/hash.ts'
import { compileOnce, hasherOf } from './compile-once.ts'
import type { RowStore, StoreColumn } from './row-store.ts'
import { sameText } from './text-bytes.ts'
import type { TextMap } from './text-store.ts'

/** The batches' side of a lookup: its schema and the names of its keys. */
export interface KeySide {
  readonly schema: AnySchema
  readonly keys: readonly string[]
}
export interface LookupOptions {
  readonly keys: KeySide
  /** Positions of the keys in the store. */
  readonly at: readonly number[]
  /** A key with a null in it matches nothing and is not added. */
  readonly nullsMatch: boolean
}

type Loop = (
  columns: readonly unknown[],
  stored: readonly unknown[],
  selection: Int32Array | null,
  rows: number,
  hashes: Int32Array,
  table: KeyTable,
  numbers: Int32Array,
  fresh: Int32Array,
  adds: boolean,
) => number

const FIRST_SLOTS = 512
/** At most: two to four slots, and one to two hashes. */
const BYTES_PER_KEY = 24

export class KeyTable {
  readonly store: RowStore
  /** Keys so far: their rows in the store are 0 … count - 1. */
  count = 0
  slots = new Int32Array(FIRST_SLOTS).fill(-1)
  hashes = new Int32Array(FIRST_SLOTS / 2)

  constructor(store: RowStore) {
    this.store = store
  }

  get heldBytes(): number {
    return this.slots.byteLength + this.hashes.byteLength
  }

  /** Forgets all keys; the room for them stays. */
  renew(): void {
    this.count = 0
    this.slots.fill(-1)
  }

  /** Makes room for so many keys at once, unless they would take more than `bytesMax`. */
  expect(keys: number, bytesMax: number): void {
    if (keys * BYTES_PER_KEY <= bytesMax) this.reserve(keys - this.count)
  }

  /** Makes room for `more` keys, so that no slot is looked for in a table more than half full. */
  reserve(more: number): void {
    const needed = (this.count + more) * 2
    if (needed <= this.slots.length) return
    let size = this.slots.length
    while (size < needed) size *= 2
    const hashes = new Int32Array(size / 2)
    hashes.set(this.hashes.subarray(0, this.count))
    this.hashes = hashes
    this.slots = new Int32Array(size).fill(-1)
    fillSlots(this.slots, hashes, this.count)
  }
}

function fillSlots(slots: Int32Array, hashes: Int32Array, count: number): void {
  const mask = slots.length - 1
  for (let g = 0; g < count; g++) {
    let slot = (hashes[g] as number) & mask
    while ((slots[slot] as number) >= 0) slot = (slot + 1) & mask
    slots[slot] = g
  }
}

/** Looks the keys of one stream of batches up in a table. */
export class KeyLookup {
  /** numbers[k] is the key of the k-th selected row, -1 where there is none. */
  numbers = new Int32Array(0)
  /** Rows of the batch that brought a new key, in order; the first `freshCount`. */
  fresh = new Int32Array(0)
  freshCount = 0
  readonly #table: KeyTable
  readonly #hashRows: HashRows
  readonly #positions: readonly number[]
  readonly #at: readonly number[]
  readonly #loop: Loop
  #hashes = new Int32Array(0)

  constructor(table: KeyTable, { keys: { schema, keys }, at, nullsMatch }: LookupOptions) {
    this.#table = table
    this.#at = at
    this.#hashRows = hasherOf(schema, keys)
    this.#positions = keys.map(name => indexOf(schema, name))
    const kinds = at.map((j, i) => {
      const { kind } = table.store.columns[j] as StoreColumn
      const optional = kind.optional || schema.list[this.#positions[i] as number]?.kind.optional
      return optional ? kind.nullable : kind
    })
    this.#loop = compileOnce<Loop>('keys', ['E'], loopCode(kinds, nullsMatch), [sameText])
  }

  /**
   * Numbers the batch's keys; new ones get the numbers that follow. The owner must append the rows in
   * `fresh` to the store before the next call. `maps`: of the store's columns, for this batch.
   */
  assign(batch: Batch, maps: (column: number) => Int32Array | null): void {
    this.#run(batch, maps, true)
  }

  /** The number of each key, -1 where the table has it not. */
  find(batch: Batch, maps: readonly (TextMap | null)[]): void {
    this.#at.forEach((j, i) => {
      const column = columnOf(batch, this.#positions[i] as number)
      maps[j]?.begin(column.pool as Pool)
    })
    this.#run(batch, j => maps[j]?.codes ?? null, false)
  }

  #run(batch: Batch, maps: (column: number) => Int32Array | null, adds: boolean): void {
    const { selected } = batch
    const table = this.#table
    if (this.numbers.length < selected) {
      this.#hashes = new Int32Array(selected)
      this.numbers = new Int32Array(selected)
      this.fresh = new Int32Array(selected)
    }
    this.#hashRows(batch, this.#hashes)
    if (adds) table.reserve(selected)
    const columns: unknown[] = []
    const stored: unknown[] = []
    this.#at.forEach((j, i) => {
      const column = columnOf(batch, this.#positions[i] as number)
      const held = table.store.columns[j] as StoreColumn
      columns.push(words(column), column.valid, column.pool, maps(j))
      stored.push(words(held), held.valid, held.pool)
    })
    const { numbers, fresh } = this
    const hashes = this.#hashes
    this.freshCount = this.#loop(
      columns,
      stored,
      batch.selection,
      selected,
      hashes,
      table,
      numbers,
      fresh,
      adds,
    )
  }
}

const words = ({ values }: Pick<Column, 'values'>): Values =>
  values instanceof BigInt64Array ? halvesOf(values) : values

/**
 * The loop over a batch. By key j: c, n, p, m are the batch's values, validity, pool and map; a, v, q
 * the store's values, validity and pool. The row at hand, i, is read only where a hash agrees: reading it
 * ahead kept the core from starting on the next rows' slots, which lie far apart.
 */
function loopCode(kinds: readonly Kind[], nullsMatch: boolean): string {
  const text = (j: number) =>
    `,p${j}=K[${4 * j + 2}],b${j}=p${j}.bytes,o${j}=p${j}.offsets,d${j}=!p${j}.unique,m${j}=K[${4 * j + 3}],q${j}=C[${3 * j + 2}],e${j}=q${j}.bytes,f${j}=q${j}.offsets`
  const bind = kinds.map(
    (kind, j) =>
      `const c${j}=K[${4 * j}],n${j}=K[${4 * j + 1}],a${j}=C[${3 * j}],v${j}=C[${3 * j + 1}]${isText(kind) ? text(j) : ''};`,
  )
  const none = kinds.flatMap((kind, j) => (kind.optional ? [noneCode(j)] : []))
  const skip = nullsMatch || none.length === 0 ? '' : `if(${none.join('||')}){O[k]=-1;continue}`
  const held = kinds.map((kind, j) => equalCode(kind, j, 'held')).join('&&') || 'true'
  const own = kinds.map((kind, j) => equalCode(kind, j, 'own')).join('&&') || 'true'
  return `return function(K,C,S,N,D,T,O,R,adds){
${bind.join('\n')}
const L=T.slots,H=T.hashes,mask=L.length-1,base=T.count;let count=base;
for(let k=0;k<N;k++){
const i=S===null?k:S[k];
${skip}
const h=D[k];
let slot=h&mask,g=-1;
for(;;){
g=L[slot];
if(g<0)break;
if(H[g]===h){if(g<base){if(${held})break}else{const r=R[g-base];if(${own})break}}
slot=(slot+1)&mask;
}
if(g<0&&adds){g=count++;L[slot]=g;H[g]=h;R[g-base]=i}
O[k]=g;
}
T.count=count;return count-base}`
}

/** Whether the row at hand is null in column j. */
const noneCode = (j: number): string => `(n${j}!==null&&n${j}[i]===0)`

/** Whether the row at hand equals key g of the store (`held`) or row r of the batch (`own`). */
function equalCode(kind: Kind, j: number, side: 'held' | 'own'): string {
  const [values, valid, row] = side === 'held' ? [`a${j}`, `v${j}`, 'g'] : [`c${j}`, `n${j}`, 'r']
  const same = valueCode(kind, j, { values, row, held: side === 'held' })
  if (!kind.optional) return same
  const none = `(${valid}!==null&&${valid}[${row}]===0)`
  return `(${noneCode(j)}?${none}:!${none}&&${same})`
}

function valueCode(
  kind: Kind,
  j: number,
  at: { values: string; row: string; held: boolean },
): string {
  const { values, row, held } = at
  const own = `c${j}[i]`
  const other = `${values}[${row}]`
  if (isText(kind)) {
    if (!held) return `(${own}===${other}||d${j}&&E(b${j},o${j},${own},b${j},o${j},${other}))`
    return `(m${j}[${own}]===${other}||E(b${j},o${j},${own},e${j},f${j},${other})&&(m${j}[${own}]=${other},true))`
  }
  const width = wordsOf(kind)
  if (width > 1)
    return `(${Array.from({ length: width }, (_, w) => `c${j}[${width}*i+${w}]===${values}[${width}*${row}+${w}]`).join('&&')})`
  const float = kind.tag === 'float32' || kind.tag === 'float64'
  return `(${own}===${other}${float ? `||${own}!==${own}&&${other}!==${other}` : ''})`
}

/** Array entries a value, with 64-bit ones as halves. */
const wordsOf = (kind: Kind): number => (isWide(kind) ? 4 : kind.tag === 'bigint' ? 2 : 1)
