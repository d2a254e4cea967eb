/**
 * distinctBy: one row a key, the one with the smallest or largest `by`. The row kept lies in the store
 * under its key's number and is written over by a better one. A null in `by` comes before all values;
 * of equals, `last` takes the later row, `first` the earlier.
 */
import { type Batch, columnOf } from '../../data/batch.ts'
import { type AnySchema, fieldOf, indexOf } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import type { Head } from '../operator.ts'
import { compileOnce } from './compile-once.ts'
import { type Fold, foldHead } from './fold.ts'
import { KeyLookup, KeyTable } from './key-table.ts'
import {
  bindSide,
  type Compared,
  ORDER_PARAMETERS,
  orderCode,
  type OrderKey,
  orderNan,
  orderWide,
  sideNames,
} from './order.ts'
import { type Intake, RowStore, type StoreColumn } from './row-store.ts'
import { compareBytes } from './text-bytes.ts'

export function distinctByHead(node: Node<'distinctBy'>, input: AnySchema): Head {
  const { keys } = node.op
  const make = (s: { input: AnySchema; numbered: boolean }) => new DistinctBy(s, node.op)
  return foldHead({ node, keys, lost: 'merged', make }, input)
}

/**
 * Lists which row of the batch (`from`) goes over which row of the store (`to`). `best`, by key from
 * the first one met on, is the row of this batch that beat the store's, or -1.
 */
type Beat = (
  batch: Compared,
  stored: Compared,
  rows: { selection: Int32Array | null; count: number; numbers: Int32Array },
  best: Int32Array,
  won: Won,
) => void

interface Won {
  from: Int32Array
  to: Int32Array
  count: number
}

class DistinctBy implements Fold {
  readonly #store: RowStore
  readonly #table: KeyTable
  readonly #lookup: KeyLookup
  readonly #intake: Intake
  readonly #by: number
  /** Columns that are written over: all but the ordinal, which stays that of the key's first row. */
  readonly #columns: number
  readonly #beat: Beat
  readonly #won: Won = { from: new Int32Array(0), to: new Int32Array(0), count: 0 }
  #best = new Int32Array(0)

  constructor(
    { input, numbered }: { input: AnySchema; numbered: boolean },
    { keys, keep, by }: Node<'distinctBy'>['op'],
  ) {
    this.#store = new RowStore(input, undefined, () => true)
    this.#table = new KeyTable(this.#store)
    const at = keys.map(key => indexOf(input, key))
    this.#lookup = new KeyLookup(this.#table, {
      keys: { schema: input, keys },
      at,
      nullsMatch: true,
    })
    this.#intake = this.#store.intake()
    this.#by = indexOf(input, by)
    this.#columns = input.list.length - (numbered ? 1 : 0)
    const key: OrderKey = { kind: fieldOf(input, by).kind, descending: false, nulls: 'first' }
    const args = [compareBytes, orderNan, orderWide]
    this.#beat = compileOnce<Beat>('beat', ORDER_PARAMETERS, beatCode(key, keep === 'last'), args)
  }

  get heldBytes(): number {
    return this.#store.heldBytes + this.#table.heldBytes + this.#best.byteLength
  }

  get rows(): number {
    return this.#store.rows
  }

  expect(rows: number, bytesMax: number): void {
    this.#store.expect(rows, bytesMax)
    this.#table.expect(rows, bytesMax)
  }

  add(batch: Batch): void {
    const intake = this.#intake
    const lookup = this.#lookup
    intake.begin(batch)
    lookup.assign(batch, j => intake.map(j))
    const { freshCount, numbers } = lookup
    intake.append(lookup.fresh, freshCount)
    if (freshCount === batch.selected) return
    this.#reserve(batch)
    const rows = { selection: batch.selection, count: batch.selected, numbers }
    const stored = this.#store.columns[this.#by] as StoreColumn
    this.#beat(columnOf(batch, this.#by), stored, rows, this.#best, this.#won)
    const { from, to, count } = this.#won
    intake.write(from, to, count, this.#columns)
  }

  compact(): void {
    this.#store.compact()
  }

  *results(rowsPerBatch: number): Iterable<Batch> {
    const { rows } = this.#store
    for (let from = 0; from < rows; from += rowsPerBatch)
      yield this.#store.slice(from, Math.min(rows, from + rowsPerBatch))
  }

  #reserve({ selected }: Batch): void {
    const won = this.#won
    if (won.from.length < selected) {
      won.from = new Int32Array(selected)
      won.to = new Int32Array(selected)
    }
    if (this.#best.length < this.#store.rows) {
      const best = new Int32Array(this.#store.rows * 2).fill(-1)
      this.#best = best
    }
  }
}

/**
 * A row is compared with the best of its key in this batch, if there is one, else with the stored row;
 * for a key that is new in this batch that is its own first row. `best` is emptied for the next batch.
 */
function beatCode(key: OrderKey, last: boolean): string {
  const wins = last ? '>=0' : '<0'
  const row = { name: 'b', row: 'i' }
  return `return function(B,A,P,best,won){
let ${[...sideNames([key], 'b'), ...sideNames([key], 'a')].join(',')};
${bindSide([key], 'b', () => 'B')}${bindSide([key], 'a', () => 'A')}
const S=P.selection,rows=P.count,G=P.numbers,from=won.from,to=won.to;
let count=0;
for(let k=0;k<rows;k++){
const i=S===null?k:S[k],g=G[k],r=best[g];
if((r<0?${orderCode(key, 0, row, { name: 'a', row: 'g' })}:${orderCode(key, 0, row, { name: 'b', row: 'r' })})${wins}){best[g]=i;from[count]=i;to[count++]=g}
}
for(let k=0;k<count;k++)best[to[k]]=-1;
won.count=count}`
}
