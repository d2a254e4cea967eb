/** A part of a table's copy, read as if it were the table: its rows say that they are from there. */
import type { Batch } from '../../../engine/data/batch.ts'
import type { SplitEnd, SplitReader } from '../../../engine/io/source.ts'

export class CopiedRead implements SplitReader {
  readonly #inner: SplitReader
  readonly #uri: string

  constructor(inner: SplitReader, uri: string) {
    this.#inner = inner
    this.#uri = uri
  }

  next(): Batch | null | Promise<Batch | null> {
    const next = this.#inner.next()
    return next instanceof Promise ? next.then(batch => this.#told(batch)) : this.#told(next)
  }

  #told(batch: Batch | null): Batch | null {
    if (batch?.origin) batch.origin = { ...batch.origin, uri: this.#uri }
    return batch
  }

  widen(wanted: readonly boolean[]): Batch {
    return this.#inner.widen(wanted)
  }

  end(): SplitEnd | null {
    return this.#inner.end()
  }

  close(): void | Promise<void> {
    return this.#inner.close()
  }
}
