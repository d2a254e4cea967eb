/** Numbers the keys of several inputs by first appearance, and adds the number to their rows. */
import { rowReader } from '../../compile/rows.ts'
import { type Batch, columnOf, dense } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { type AnySchema, type Field, fieldOf, indexOf, schemaOf, t } from '../../data/schema.ts'
import type { Order, Row } from '../../plan/node.ts'
import { withOrdinal } from './grace.ts'
import { KeyLookup, KeyTable } from './key-table.ts'
import { RowStore, type StoreColumn } from './row-store.ts'

/** The keys met so far, each with the ordinal that it came first with, where rows are numbered. */
export class GroupKeys {
  readonly keys: readonly string[]
  readonly numbered: boolean
  readonly store: RowStore
  readonly table: KeyTable
  #read: ((i: number) => Row) | null = null

  constructor(keys: readonly string[], inputs: readonly AnySchema[], numbered: boolean) {
    this.keys = keys
    this.numbered = numbered
    const fields = keys.map(name => fieldOverAll(inputs, name))
    const schema = schemaOf(fields)
    this.store = new RowStore(numbered ? withOrdinal(schema) : schema)
    this.table = new KeyTable(this.store)
  }

  get count(): number {
    return this.store.rows
  }

  get heldBytes(): number {
    return this.store.heldBytes + this.table.heldBytes
  }

  /** A group's key, once all keys are there. */
  row(group: number): Row {
    if (this.#read === null) {
      const list = this.store.schema.list.slice(0, this.keys.length)
      this.#read = rowReader(schemaOf(list))(this.store.slice(0, this.store.rows))
    }
    return this.#read(group)
  }

  ordinal(group: number): number {
    const { values } = this.store.columns[this.keys.length] as StoreColumn
    return values[group] as number
  }
}

/** A key may be null where it may be in one of the inputs. */
function fieldOverAll(inputs: readonly AnySchema[], name: string): Field {
  const { kind } = fieldOf(inputs[0] as AnySchema, name)
  const optional = inputs.some(input => fieldOf(input, name).kind.optional)
  return { name, kind: optional ? kind.nullable : kind }
}

/** Gives the rows of one input the numbers of their groups, as a last column. */
export class Numberer {
  /** Of the rows with their number. */
  readonly schema: AnySchema
  readonly sort: readonly Order[]
  readonly #keys: GroupKeys
  readonly #lookup: KeyLookup
  readonly #intake: ReturnType<RowStore['intake']>
  readonly #at: readonly number[]
  readonly #width: number

  constructor(keys: GroupKeys, input: AnySchema, sort: Order | null) {
    this.#keys = keys
    this.#width = input.list.length
    const incoming = keys.numbered ? withOrdinal(input) : input
    const at = keys.keys.map((_, i) => i)
    this.#at = keys.keys.map(name => indexOf(input, name))
    if (keys.numbered) this.#at = [...this.#at, this.#width]
    this.#lookup = new KeyLookup(keys.table, {
      keys: { schema: incoming, keys: keys.keys },
      at,
      nullsMatch: true,
    })
    this.#intake = keys.store.intake()
    const numbered = withOrdinal(input)
    const { name } = numbered.list[this.#width] as Field
    this.schema = schemaOf([...input.list, { name, kind: t.int32 }])
    this.sort = [{ by: name, order: 'asc' }, ...(sort === null ? [] : [sort])]
  }

  number(batch: Batch): Batch {
    this.#intake.begin(batch, this.#at)
    this.#lookup.assign(batch, j => this.#intake.map(j))
    const { fresh, freshCount, numbers } = this.#lookup
    this.#intake.append(fresh, freshCount)
    const columns = Array.from({ length: this.#width }, (_, j) => columnOf(batch, j))
    const number: Column = { kind: t.int32, values: numbers, valid: null, pool: null }
    return dense(this.schema, [...columns, number], batch.rows)
  }
}
