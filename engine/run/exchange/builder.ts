/**
 * Collects rows of batches into blocks. A block ends after `rowsMax` rows, or sooner where its text
 * would pass `textBytesMax`, so where it ends depends on the rows alone: not on how they came in
 * batches, nor on whose dictionaries they use.
 *
 * A batch's dictionary (a pool that is `unique`) may grow while its codes are held here, but must
 * not be cleared: whoever wants to start afresh makes a new one.
 */
import { type Batch, columnOf } from '../../data/batch.ts'
import { bytesPerRow, type Column, isText } from '../../data/column.ts'
import type { AnySchema } from '../../data/schema.ts'
import type { Block } from './block.ts'
import { FixedColumn } from './fixed-column.ts'
import type { Rows } from './gather.ts'
import type { Scratch } from './scratch.ts'
import { TextColumn } from './text-column.ts'

export interface BlockLimits {
  readonly rowsMax: number
  /** Bytes of the text of all rows of a block, repeated ones counted each time. */
  readonly textBytesMax: number
}

/** Text may take this many times the block's bytes, as most of it repeats and is stored once. */
const TEXT_FACTOR = 8

/** Limits for blocks of about `blockBytes`, text left out. */
export function limitsFor(schema: AnySchema, blockBytes: number): BlockLimits {
  const rowBytes = schema.list.reduce(
    (sum, f) => sum + bytesPerRow(f.kind) + (f.kind.optional ? 1 : 0),
    0,
  )
  const rowsMax = Math.max(64, Math.min(1 << 16, Math.floor(blockBytes / Math.max(1, rowBytes))))
  return { rowsMax, textBytesMax: blockBytes * TEXT_FACTOR }
}

export class BlockBuilder {
  readonly schema: AnySchema
  rows = 0
  readonly #limits: BlockLimits
  readonly #flush: (block: Block) => void
  readonly #columns: FixedColumn[]
  readonly #texts: TextColumn[]
  /** Whether some batch of the block had long texts: then the text of all its rows is counted. */
  #counting = false
  /** Bytes of the text of the first `#counted` rows. */
  #textBytes = 0
  #counted = 0

  constructor(
    schema: AnySchema,
    o: { limits: BlockLimits; scratch: Scratch; flush: (block: Block) => void },
  ) {
    this.schema = schema
    this.#limits = o.limits
    this.#flush = o.flush
    this.#columns = schema.list.map(({ kind }, j) =>
      isText(kind)
        ? new TextColumn(kind, o.limits.rowsMax, j, o.scratch)
        : new FixedColumn(kind, o.limits.rowsMax),
    )
    this.#texts = this.#columns.filter(c => c instanceof TextColumn)
  }

  /** Bytes that the builder holds in memory. */
  get heldBytes(): number {
    return this.#columns.reduce((sum, c) => sum + c.heldBytes, 0)
  }

  /**
   * Copies rows of the batch: those at the chosen indices, whatever the batch's selection.
   * `longText`: the batch has texts so long that `textBytesMax` may be passed (`TextGauge`).
   */
  append(batch: Batch, chosen: Rows, longText: boolean): void {
    const { rows, to } = chosen
    let { from } = chosen
    this.#counting ||= longText
    while (from < to) {
      const most = Math.min(to, from + this.#limits.rowsMax - this.rows)
      const end = this.#counting ? this.#fitting(batch, { rows, from, to: most }) : most
      if (end > from) this.#take(batch, { rows, from, to: end })
      if (this.rows === this.#limits.rowsMax || end < most) {
        this.flush()
        this.#counting = longText
      }
      from = end
    }
  }

  /** Ends the block, if there are rows. */
  flush(): void {
    const { rows } = this
    if (rows === 0) return
    this.#flush({ rows, columns: this.#columns.map(c => c.finish(rows)) })
    this.rows = 0
    this.#textBytes = 0
    this.#counted = 0
    this.#counting = false
    for (const column of this.#columns) column.clear()
  }

  /** Ends the last block; the builder is of no further use. */
  close(): void {
    this.flush()
    for (const column of this.#columns) column.close()
  }

  #take(batch: Batch, chosen: Rows): void {
    const columns = this.#columns
    for (let j = 0; j < columns.length; j++)
      (columns[j] as FixedColumn).append(columnOf(batch, j), chosen, this.rows)
    this.rows += chosen.to - chosen.from
  }

  /**
   * How far the chosen rows go before the text is too much; at least one row into an empty block.
   */
  #fitting(batch: Batch, { rows, from, to }: Rows): number {
    for (const text of this.#texts) this.#textBytes += text.textBytes(this.#counted, this.rows)
    this.#counted = this.rows
    const texts = this.schema.list.flatMap((f, j) => (isText(f.kind) ? [columnOf(batch, j)] : []))
    for (let k = from; k < to; k++) {
      const bytes = textBytesAt(texts, rows === null ? k : (rows[k] as number))
      const first = this.rows === 0 && k === from
      if (!first && this.#textBytes + bytes > this.#limits.textBytesMax) return k
      this.#textBytes += bytes
      this.#counted++
    }
    return to
  }
}

function textBytesAt(texts: readonly Column[], i: number): number {
  let sum = 0
  for (const { values, valid, pool } of texts) {
    if (pool === null || (valid !== null && valid[i] === 0)) continue
    const code = values[i] as number
    sum += (pool.offsets[code + 1] as number) - (pool.offsets[code] as number)
  }
  return sum
}
