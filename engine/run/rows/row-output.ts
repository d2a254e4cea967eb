/**
 * The rows that a function gives to one output, in batches. What one input row became comes out whole
 * or not at all: where the function fails after some of its rows were taken, they are taken back, also
 * those that have filled a batch.
 */
import { RowBuilder } from '../../compile/rows.ts'
import type { AnySchema } from '../../data/schema.ts'
import type { Emit } from '../operator.ts'

export class RowOutput {
  /** Rows taken, without those taken back. */
  count = 0
  readonly #schema: AnySchema
  readonly #rowsPerBatch: number
  readonly #full: RowBuilder[] = []
  readonly #spare: RowBuilder[] = []
  #builder: RowBuilder
  #begun: { full: number; builder: RowBuilder; rows: number; count: number }

  constructor(schema: AnySchema, rowsPerBatch: number) {
    this.#schema = schema
    this.#rowsPerBatch = rowsPerBatch
    this.#builder = new RowBuilder(schema, rowsPerBatch)
    this.#begun = { full: 0, builder: this.#builder, rows: 0, count: 0 }
  }

  /** The rows that follow are those of one input row. */
  begin(): void {
    const begun = this.#begun
    begun.full = this.#full.length
    begun.builder = this.#builder
    begun.rows = this.#builder.rows
    begun.count = this.count
  }

  /** Takes back the rows since `begin`. */
  undo(): void {
    const { full, builder, rows, count } = this.#begun
    for (const later of [...this.#full.splice(full), this.#builder])
      if (later !== builder) this.#keep(later)
    builder.rows = rows
    this.#builder = builder
    this.count = count
  }

  /** Throws TypeError or ValueError where the row is not one of the schema's. */
  append(row: unknown): void {
    if (this.#builder.full) {
      this.#full.push(this.#builder)
      this.#builder = this.#spare.pop() ?? this.#another()
    }
    this.#builder.append(row)
    this.count++
  }

  #another(): RowBuilder {
    return new RowBuilder(this.#schema, this.#rowsPerBatch, this.#builder)
  }

  /** Whether some batch is full: to be asked between input rows. */
  get due(): boolean {
    return this.#full.length > 0
  }

  /** Hands on the batches that are full, or `all` rows. */
  async hand(emit: Emit | undefined, all: boolean): Promise<void> {
    const builders = this.#full.splice(0)
    if (all) builders.push(this.#builder)
    for (const builder of builders) {
      if (builder.rows > 0) await emit?.(builder.take())
      builder.trim()
      if (builder !== this.#builder) this.#keep(builder)
    }
  }

  #keep(builder: RowBuilder): void {
    builder.rows = 0
    if (this.#spare.length === 0) this.#spare.push(builder)
  }
}
