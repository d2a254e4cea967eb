/**
 * unnest and unpack: the parts of a nested column become columns of their own, read from its bytes
 * (`engine/data/nested.ts`); the other columns are copied, a value for each row that comes of a row.
 */
import type { StageScope } from '../../compile/kernel.ts'
import { type Batch, columnOf, dense } from '../../data/batch.ts'
import { type Column, newColumn } from '../../data/column.ts'
import { viewOf } from '../../data/byte-sink.ts'
import { elementOf, structOf } from '../../data/nested.ts'
import type { Pool, Utf8Buffer } from '../../data/pool.ts'
import { type Field, indexOf } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import { type Gather, gatherOf } from '../exchange/gather.ts'
import type { Emit, Operator } from '../operator.ts'
import { partColumn, type PartColumn } from '../../data/part-column.ts'

interface Copied {
  /** Position in the input. */
  readonly from: number
  readonly field: Field
  readonly gather: Gather
}

export function unnestOperator(node: Node<'unnest'>, emit: Emit, scope: StageScope): Operator {
  const { schema } = node.inputs[0] as Node
  const copied = schema.list.flatMap((field, from): Copied[] =>
    field.name === node.op.column ? [] : [{ from, field, gather: gatherOf(field.kind) }],
  )
  let parts: Parts | null = null
  const push = async (batch: Batch): Promise<void> => {
    const { account, rowsPerBatch } = scope.task
    parts ??= new Parts(node, rowsPerBatch)
    parts.open(batch)
    const count = { filtered: 0, out: 0 }
    let more = true
    while (more) {
      more = parts.fill()
      count.out += parts.rows
      if (parts.rows > 0) await emit(batchOf(node, batch, copied, parts))
    }
    count.filtered = parts.empty
    account.add(node.id, 'in', batch.selected)
    account.add(node.id, 'filtered', count.filtered)
    account.add(node.id, 'out', count.out)
    account.add(node.id, 'created', count.out + count.filtered - batch.selected)
  }
  return { push, finish: () => {} }
}

/** The rows found, with the other columns' values beside them. */
function batchOf(node: Node, batch: Batch, copied: readonly Copied[], parts: Parts): Batch {
  const { rows, of } = parts
  const chosen = { rows: of, from: 0, to: rows }
  const columns = copied.map(({ from, field, gather }) => {
    const source = columnOf(batch, from)
    const column = newColumn(field.kind, rows, source.pool ?? undefined)
    gather(source.values, column.values, 0, chosen)
    if (column.valid === null) return column
    const { valid } = source
    for (let k = 0; k < rows; k++)
      column.valid[k] = valid === null ? 1 : (valid[of[k] as number] as number)
    return column
  })
  return dense(node.schema, [...columns, ...parts.columns()], rows)
}

/** The nested column's parts, as columns of up to so many rows. */
class Parts {
  rows = 0
  /** Rows of the batch that had no element. */
  empty = 0
  /** Which row of the batch each row comes of. */
  readonly of: Int32Array
  readonly #node: Node<'unnest'>
  readonly #capacity: number
  readonly #parts: readonly PartColumn[]
  /** Whether the element is a struct, whose fields are the parts. */
  readonly #struct: boolean
  #batch: Batch | null = null
  #column: Column | null = null
  #from = {
    bytes: Buffer.alloc(0) as unknown as Utf8Buffer,
    view: new DataView(new ArrayBuffer(0)) as DataView,
    at: 0,
  }
  /** The next selected row, and how many elements of the row before it are left. */
  #next = 0
  #row = 0
  #left = 0

  constructor(node: Node<'unnest'>, capacity: number) {
    const { schema } = node.inputs[0] as Node
    const { kind } = schema.list[indexOf(schema, node.op.column)] as Field
    const element = node.op.list ? elementOf(kind) : kind
    this.#node = node
    this.#capacity = capacity
    this.#struct = element.tag === 'struct'
    this.of = new Int32Array(capacity)
    const made = node.schema.list.slice(schema.list.length - 1)
    const kinds = this.#struct ? structOf(element).list.map(f => f.kind) : [element]
    this.#parts = made.map((f, i) => partColumn(kinds[i] as Field['kind'], f.kind, capacity))
  }

  open(batch: Batch): void {
    const { schema } = this.#node.inputs[0] as Node
    const column = columnOf(batch, indexOf(schema, this.#node.op.column))
    const { bytes } = column.pool as Pool
    this.#batch = batch
    this.#column = column
    this.#from = { bytes: bytes as Utf8Buffer, view: viewOf(bytes), at: 0 }
    this.#next = 0
    this.#left = 0
    this.empty = 0
  }

  /** Fills the columns with the rows that come next; false where there are no more. */
  fill(): boolean {
    const { selected, selection } = this.#batch as Batch
    this.rows = 0
    for (const part of this.#parts) part.renew()
    while (this.rows < this.#capacity) {
      if (this.#left > 0) {
        this.#left--
        this.#element(this.#node.op.list)
      } else if (this.#next === selected) return false
      else {
        this.#row = selection === null ? this.#next : (selection[this.#next] as number)
        this.#next++
        this.#begin()
      }
    }
    return this.#left > 0 || this.#next < selected
  }

  /** Goes to the row's first element. */
  #begin(): void {
    const { valid, values, pool } = this.#column as Column
    const { list, keepEmpty } = this.#node.op
    const from = this.#from
    const some = valid === null || valid[this.#row] === 1
    from.at = some ? ((pool as Pool).offsets[values[this.#row] as number] as number) : 0
    if (some && list) {
      this.#left = from.view.getUint32(from.at, true)
      from.at += 4
    } else if (some) this.#element(false)
    if (some && (!list || this.#left > 0)) return
    if (keepEmpty) this.#nothing()
    else this.empty++
  }

  /** `marked`: a byte before it says whether it is null. */
  #element(marked: boolean): void {
    const from = this.#from
    if (marked && from.bytes[from.at++] === 0) {
      this.#nothing()
      return
    }
    this.of[this.rows] = this.#row
    for (const part of this.#parts) {
      const some = !this.#struct || from.bytes[from.at++] === 1
      if (some) part.read(from, this.rows)
      else part.none(this.rows)
    }
    this.rows++
  }

  #nothing(): void {
    this.of[this.rows] = this.#row
    for (const part of this.#parts) part.none(this.rows)
    this.rows++
  }

  columns(): Column[] {
    return this.#parts.map(p => p.column)
  }
}
