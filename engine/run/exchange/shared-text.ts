/**
 * Text on its way into an exchange: codes of a thread's dictionary become those of one that all threads
 * share, each entry looked up once. Text without a dictionary, and what the shared one has no room
 * for, goes on as it is.
 */
import { type Batch, columnOf, withColumns } from '../../data/batch.ts'
import { type Column, isText } from '../../data/column.ts'
import { mapCodes } from '../../data/map-codes.ts'
import type { Pool } from '../../data/pool.ts'
import type { AnySchema } from '../../data/schema.ts'
import type { Arena } from './arena.ts'
import type { Dictionary } from './dictionary.ts'

export class SharedText {
  readonly #columns: readonly SharedColumn[]

  /** `first`: the number of the dictionary of the schema's first text column; the others follow it. */
  constructor(schema: AnySchema, arena: Arena, first: number) {
    const texts = schema.list.flatMap((f, j) => (isText(f.kind) ? [j] : []))
    this.#columns = texts.flatMap((at, i) => {
      const dictionary = arena.dictionary(first + i)
      return dictionary === null ? [] : [new SharedColumn(at, dictionary)]
    })
  }

  /** The batch with shared dictionaries where they have room; valid until the next call. */
  translate(batch: Batch): Batch {
    let columns: (Column | null)[] | null = null
    for (const shared of this.#columns) {
      const column = columnOf(batch, shared.at)
      const translated = shared.translate(column, batch)
      if (translated === column) continue
      columns ??= batch.columns.slice()
      columns[shared.at] = translated
    }
    return columns === null ? batch : withColumns(batch, columns)
  }
}

class SharedColumn {
  readonly at: number
  readonly #dictionary: Dictionary
  #source: Pool | null = null
  /** By code of the source: the shared code, -1 where it was not asked for. */
  #map = new Int32Array(0)
  #mapped = 0
  #codes = new Int32Array(0)
  #full = false

  constructor(at: number, dictionary: Dictionary) {
    this.at = at
    this.#dictionary = dictionary
  }

  translate(column: Column, { rows, selection, selected }: Batch): Column {
    const source = column.pool as Pool
    if (this.#full || !source.unique || source.dictionary >= 0) return column
    this.#begin(source)
    if (this.#codes.length < rows) this.#codes = new Int32Array(rows)
    const codes = this.#codes
    const values = column.values as Int32Array
    for (let from = 0; from < selected; ) {
      from = mapCodes(values, column.valid, selection, from, selected, this.#map, codes)
      if (from === selected) break
      const code = values[selection === null ? from : (selection[from] as number)] as number
      const known = this.#dictionary.add(source, code)
      this.#full = known < 0
      if (this.#full) return column
      this.#map[code] = known
    }
    return {
      kind: column.kind,
      values: codes,
      valid: column.valid,
      pool: this.#dictionary.refresh(),
    }
  }

  #begin(source: Pool): void {
    if (source !== this.#source) this.#mapped = 0
    this.#source = source
    const { count } = source
    if (this.#map.length < count) {
      const grown = new Int32Array(Math.max(1024, count * 2))
      grown.set(this.#map.subarray(0, this.#mapped))
      this.#map = grown
    }
    if (this.#mapped < count) this.#map.fill(-1, this.#mapped, count)
    this.#mapped = count
  }
}
