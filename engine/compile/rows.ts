/**
 * Batches to row objects and back, for functions that take or make whole rows (flatMap, parDo, side
 * inputs, `create`). Rows are plain objects with all columns: they may be kept, spread and printed.
 */
import { type Batch, columnOf, dense } from '../data/batch.ts'
import { type Column, isText, newColumn } from '../data/column.ts'
import { Pool } from '../data/pool.ts'
import type { AnySchema } from '../data/schema.ts'
import { readValue } from '../data/value.ts'
import { compile } from './door.ts'
import { rowResult } from './kernel.ts'
import { key, readCode } from './read-code.ts'
import { Texts, writeCode, writeNamed } from './write-code.ts'

export type ReadRow = (i: number) => Record<string, unknown>

/** Makes the function that turns a batch into its row reader; generated once for the schema. */
export function rowReader(schema: AnySchema): (batch: Batch) => ReadRow {
  const { list } = schema
  const bind = list.map(({ kind }, j) => {
    const text = isText(kind) ? `,p${j}=k${j}.pool,s${j}=p${j}.strings` : ''
    return `const k${j}=K[${j}],c${j}=k${j}.values,n${j}=k${j}.valid${text};`
  })
  const fields = list.map(({ name, kind }, j) => `${key(name)}:${readCode(kind, j, 'i')}`)
  const body = `return function(K){${bind.join('\n')}return function(i){return {${fields.join(',\n')}}}}`
  const make = compile('rows', ['R'], body, [readValue]) as (columns: Column[]) => ReadRow
  return batch => make(list.map((_, j) => columnOf(batch, j)))
}

/** Calls `fn` with the index of each selected row, in order. */
export function eachRow(batch: Batch, fn: (i: number) => void): void {
  const { selection, selected } = batch
  for (let k = 0; k < selected; k++) fn(selection === null ? k : (selection[k] as number))
}

/** Entries, and bytes, after which a text column starts a new dictionary. */
const TEXTS_MAX = 1 << 16
const TEXT_BYTES_MAX = 16 << 20

type Append = (columns: Column[], texts: (Texts | null)[], i: number, row: object) => void

/** The code that stores a row object. */
function appendOf(schema: AnySchema): Append {
  const code = schema.list.map(({ name, kind }, j) => {
    const text = isText(kind) ? `,t${j}=X[${j}]` : ''
    return `{const k${j}=K[${j}],c${j}=k${j}.values,n${j}=k${j}.valid${text};x=w${key(name)};${writeCode(kind, j, 'i', 'x', name)}}`
  })
  const body = `return function(K,X,i,w){let x=null,u=0,o=0;\n${code.join('\n')}}`
  return compile<Append>('append', ['W'], body, [writeNamed])
}

/** Collects row objects into dense batches of up to `capacity` rows. */
export class RowBuilder {
  readonly schema: AnySchema
  readonly capacity: number
  rows = 0
  #columns: Column[]
  #texts: (Texts | null)[]
  #append: Append

  /** `like`: a builder of the same schema, whose generated code is used. */
  constructor(schema: AnySchema, capacity: number, like?: RowBuilder) {
    this.schema = schema
    this.capacity = capacity
    this.#columns = schema.list.map(f => newColumn(f.kind, capacity))
    this.#texts = this.#columns.map(c => (c.pool ? new Texts(c.pool) : null))
    this.#append = like ? like.#append : appendOf(schema)
  }

  get full(): boolean {
    return this.rows === this.capacity
  }

  /** Adds a row. Throws TypeError or ValueError where it is not one of the schema's; it is not added then. */
  append(row: unknown): void {
    this.#append(this.#columns, this.#texts, this.rows, rowResult(this.schema, row))
    this.rows++
  }

  /** The rows so far, and starts anew: the batch is valid until the next append. */
  take(): Batch {
    const batch = dense(this.schema, this.#columns.slice(), this.rows)
    this.rows = 0
    return batch
  }

  /** Called once a taken batch is done with: large dictionaries start afresh. */
  trim(): void {
    this.#columns.forEach((column, j) => {
      if (column.pool === null) return
      if (column.pool.count < TEXTS_MAX && column.pool.size < TEXT_BYTES_MAX) return
      column.pool = new Pool(true)
      this.#texts[j] = new Texts(column.pool)
    })
  }
}
