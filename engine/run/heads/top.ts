/**
 * top: of each key the first n rows in an order. A bounded heap a key holds the best rows so far; a
 * better row takes the place of the worst one in the store. Nulls come last in either direction; of
 * equals the row that came first is kept, and comes first. `rank` numbers a key's rows from 1.
 */
import { type Batch, dense } from '../../data/batch.ts'
import { type Column, isText } from '../../data/column.ts'
import { type AnySchema, indexOf, schemaOf, t } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import type { Head } from '../operator.ts'
import { compileOnce } from './compile-once.ts'
import { type Fold, foldHead } from './fold.ts'
import { type CompareRows, Heaps } from './heaps.ts'
import { KeyLookup, KeyTable } from './key-table.ts'
import { orderKeys } from './merge.ts'
import {
  bindSide,
  ORDER_PARAMETERS,
  orderCode,
  type OrderKey,
  orderNan,
  orderWide,
  sideNames,
} from './order.ts'
import { type Intake, RowStore, type StoreColumn } from './row-store.ts'
import { compareBytes } from './text-bytes.ts'

export function topHead(node: Node<'top'>, input: AnySchema): Head {
  const make = (s: Schemas) => new Top(s, node.op)
  return foldHead({ node, keys: node.op.keys, lost: 'filtered', make }, input)
}

interface Schemas {
  readonly input: AnySchema
  readonly output: AnySchema
  readonly numbered: boolean
}

class Top implements Fold {
  readonly #keys: RowStore
  readonly #table: KeyTable
  readonly #lookup: KeyLookup
  readonly #keyIntake: Intake
  readonly #keyAt: readonly number[]
  readonly #rows: RowStore
  readonly #intake: Intake
  readonly #heaps: Heaps
  readonly #schemas: Schemas
  readonly #op: Node<'top'>['op']
  readonly #by: number
  readonly #compare: RowCompare
  /** Rows of the batch at hand that were kept, and their places in the store. */
  readonly #taken = { from: new Int32Array(0), to: new Int32Array(0), count: 0 }
  /** By row of the store: its arrival number. */
  #arrivals = new Float64Array(256)
  #arrived = 0

  constructor(schemas: Schemas, op: Node<'top'>['op']) {
    const { input, numbered } = schemas
    this.#schemas = schemas
    this.#op = op
    // The ordinal that a key came first with stays with the key, as its rows may be replaced.
    const held = numbered
      ? [...op.keys, (input.list.at(-1) as AnySchema['list'][number]).name]
      : op.keys
    this.#keyAt = held.map(name => indexOf(input, name))
    this.#keys = new RowStore(
      schemaOf(this.#keyAt.map(j => input.list[j] as AnySchema['list'][number])),
    )
    this.#table = new KeyTable(this.#keys)
    const at = op.keys.map((_, i) => i)
    this.#lookup = new KeyLookup(this.#table, {
      keys: { schema: input, keys: op.keys },
      at,
      nullsMatch: true,
    })
    this.#keyIntake = this.#keys.intake()
    this.#rows = new RowStore(input)
    this.#intake = this.#rows.intake()
    const { keys, at: by } = orderKeys(input, [op.order])
    this.#by = by[0] as number
    const column = this.#rows.columns[this.#by] as StoreColumn
    this.#compare = rowCompare(keys[0] as OrderKey, column, this.#by)
    this.#heaps = new Heaps(
      op.n,
      (x, y) =>
        this.#compare.stored(x, y) || (this.#arrivals[x] as number) - (this.#arrivals[y] as number),
    )
  }

  get heldBytes(): number {
    const tables = this.#keys.heldBytes + this.#table.heldBytes + this.#heaps.heldBytes
    return tables + this.#rows.heldBytes + this.#arrivals.byteLength
  }

  add(batch: Batch): void {
    const { selection, selected } = batch
    this.#keyIntake.begin(batch, this.#keyAt)
    this.#lookup.assign(batch, j => this.#keyIntake.map(j))
    this.#keyIntake.append(this.#lookup.fresh, this.#lookup.freshCount)
    this.#heaps.reserve(this.#keys.rows)
    this.#intake.begin(batch)
    const { numbers } = this.#lookup
    this.#reserve(selected)
    this.#compare.begin(batch)
    const taken = this.#taken
    taken.count = 0
    for (let k = 0; k < selected; k++) {
      const i = selection === null ? k : (selection[k] as number)
      this.#offer(numbers[k] as number, i)
      this.#arrived++
    }
    this.#intake.write(taken.from, taken.to, taken.count)
  }

  compact(): void {
    this.#rows.compact()
  }

  *results(rowsPerBatch: number): Iterable<Batch> {
    const heaps = this.#heaps
    const [ids, ranks, keys] = [0, 0, 0].map(
      () => new Int32Array(rowsPerBatch),
    ) as Int32Array[] as [Int32Array, Int32Array, Int32Array]
    let order = new Int32Array(0)
    let count = 0
    for (let key = 0; key < this.#keys.rows; key++) {
      const size = heaps.sizes[key] as number
      if (order.length < size) order = new Int32Array(size * 2)
      heaps.drain(key, order)
      for (let place = 0; place < size; place++) {
        ids[count] = order[place] as number
        ranks[count] = place + 1
        keys[count++] = key
        if (count < rowsPerBatch) continue
        yield this.#batch({ ids, ranks, keys }, count)
        count = 0
      }
    }
    if (count > 0) yield this.#batch({ ids, ranks, keys }, count)
  }

  /** Keeps row i of the batch, if it is among the best of its key so far. Only its order is copied yet. */
  #offer(key: number, i: number): void {
    const heaps = this.#heaps
    const full = heaps.sizes[key] === this.#op.n
    let row: number
    if (full) {
      row = heaps.worst(key)
      if (this.#compare.offered(i, row) >= 0) return
    } else row = this.#rows.rows++
    this.#intake.put(this.#by, i, row)
    this.#arrivals[row] = this.#arrived
    if (full) heaps.sink(key)
    else heaps.add(key, row)
    const taken = this.#taken
    taken.from[taken.count] = i
    taken.to[taken.count++] = row
  }

  #reserve(rows: number): void {
    const store = this.#rows
    store.reserve(store.rows + rows)
    const taken = this.#taken
    if (taken.from.length < rows) {
      taken.from = new Int32Array(rows)
      taken.to = new Int32Array(rows)
    }
    if (this.#arrivals.length >= store.rows + rows) return
    const grown = new Float64Array((store.rows + rows) * 2)
    grown.set(this.#arrivals)
    this.#arrivals = grown
  }

  /** The rows at ids, with rank and ordinal where they are asked for. */
  #batch({ ids, ranks, keys }: Record<'ids' | 'ranks' | 'keys', Int32Array>, count: number): Batch {
    const { input, output, numbered } = this.#schemas
    const rows = this.#rows.gather(ids, 0, count)
    const columns: (Column | null)[] = rows.columns.slice(0, input.list.length - (numbered ? 1 : 0))
    if (this.#op.rank !== null)
      columns.push({ kind: t.int32, values: ranks, valid: null, pool: null })
    if (numbered) columns.push(this.#keys.gather(keys, 0, count).columns.at(-1) as Column)
    return dense(output, columns, count)
  }
}

/** Compares rows of the store with each other, and rows of the batch begun with them. */
interface RowCompare {
  begin(batch: Batch): void
  readonly stored: CompareRows
  readonly offered: CompareRows
}

/** The store's text moves as it grows, so its place is looked up anew whenever it has. */
function rowCompare(key: OrderKey, column: StoreColumn, position: number): RowCompare {
  const a = { name: 'a', row: 'x' }
  const b = { name: 'b', row: 'x' }
  const held = { name: 'a', row: 'y' }
  const names = [...sideNames([key], 'a'), ...sideNames([key], 'b')].join(',')
  const moved = isText(key.kind) ? 'if(A.pool.bytes!==ab0||A.pool.offsets!==ao0)bind();' : ''
  const body = `return function(A){let ${names};
const bind=()=>{${bindSide([key], 'a', () => 'A')}};
return {begin(batch){const B=batch.columns[${position}];bind();${bindSide([key], 'b', () => 'B')}},
stored(x,y){${moved}return ${orderCode(key, 0, a, held)}},
offered(x,y){${moved}return ${orderCode(key, 0, b, held)}}}}`
  const args = [compareBytes, orderNan, orderWide]
  const make = compileOnce<(column: StoreColumn) => RowCompare>('top', ORDER_PARAMETERS, body, args)
  return make(column)
}
