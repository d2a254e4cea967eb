/**
 * A user's CombineFn as an accumulator. Accumulators are JS objects while a table holds them, and
 * columns when they cross an exchange or spill: the declared schema's, or one of v8.serialize bytes.
 */
import { deserialize, serialize } from 'node:v8'
import { type ReadRow, RowBuilder, rowReader } from '../rows.ts'
import type { Batch } from '../../data/batch.ts'
import { dense } from '../../data/batch.ts'
import { type Column, newColumn } from '../../data/column.ts'
import type { Kind } from '../../data/kind.ts'
import { type AnySchema, type Field, schemaOf, t } from '../../data/schema.ts'
import { readValue, writeValue } from '../../data/value.ts'
import type { CombineSpec } from '../../plan/aggregate.ts'
import type { Accumulator } from './accumulator.ts'

const BYTES = t.bytes as Kind

export class Combine implements Accumulator {
  readonly partialFields: readonly Field[]
  readonly #spec: CombineSpec
  readonly #output: Kind
  readonly #rows: (batch: Batch) => ReadRow
  readonly #accumulators: ((batch: Batch) => ReadRow) | null
  readonly #travel: AnySchema
  #held: unknown[] = []

  constructor(name: string, spec: CombineSpec, input: AnySchema, output: Kind) {
    this.#spec = spec
    this.#output = output
    this.#rows = rowReader(input)
    const fields = spec.accumulator?.list ?? [{ name: 'state', kind: BYTES }]
    this.partialFields = fields.map(f => ({ name: `${name}.${f.name}`, kind: f.kind }))
    this.#travel = schemaOf(fields)
    this.#accumulators = spec.accumulator ? rowReader(spec.accumulator) : null
  }

  reserve(groups: number): void {
    while (this.#held.length < groups) this.#held.push(undefined)
  }

  update(batch: Batch, groups: Int32Array): void {
    const row = this.#rows(batch)
    const { selection, selected } = batch
    for (let k = 0; k < selected; k++) {
      const i = selection === null ? k : (selection[k] as number)
      const g = groups[i] as number
      const held = this.#held[g] ?? this.#spec.createAccumulator()
      this.#held[g] = this.#spec.addInput(held, row(i))
    }
  }

  merge(batch: Batch, groups: Int32Array, at: number): void {
    const columns = this.partialFields.map((_, j) => batch.columns[at + j] as Column)
    const read = this.#accumulators?.(dense(this.#travel, columns, batch.rows))
    const { selection, selected } = batch
    for (let k = 0; k < selected; k++) {
      const i = selection === null ? k : (selection[k] as number)
      const g = groups[i] as number
      const other = read ? read(i) : deserialize(readValue(columns[0] as Column, i) as Uint8Array)
      const held = this.#held[g]
      this.#held[g] = held === undefined ? other : this.#spec.mergeAccumulators(held, other)
    }
  }

  partial(from: number, to: number): Column[] {
    if (this.#spec.accumulator) {
      const builder = new RowBuilder(this.#travel, Math.max(to - from, 1))
      for (let g = from; g < to; g++) builder.append(this.#of(g))
      return builder.take().columns as Column[]
    }
    const column = newColumn(BYTES, to - from)
    for (let g = from; g < to; g++)
      writeValue(column, g - from, new Uint8Array(serialize(this.#of(g))))
    return [column]
  }

  result(from: number, to: number): Column {
    const column = newColumn(this.#output, to - from)
    for (let g = from; g < to; g++)
      writeValue(column, g - from, this.#spec.extractOutput(this.#of(g)))
    return column
  }

  #of(g: number): unknown {
    return this.#held[g] ?? this.#spec.createAccumulator()
  }

  clear(): void {
    this.#held = []
  }

  /** An estimate: the engine cannot see into the user's objects. */
  get heldBytes(): number {
    return this.#held.length * 256
  }
}
