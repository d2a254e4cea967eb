/** A split's reader: lines as of NDJSON files, where a reject names its page and the element in it. */
import type { Batch } from '../../../engine/data/batch.ts'
import type { Reject, SplitEnd, SplitReader } from '../../../engine/io/source.ts'

/** Where a page's lines begin in the split. */
interface PageStart {
  readonly offset: number
  /** Elements before it. */
  readonly rows: number
  readonly uri: () => string
}

/** The pages whose rows are under way. */
export class PageStarts {
  #starts: PageStart[] = []
  #offset = 0
  #rows = 0

  add(page: { readonly bytes: number; readonly rows: number }, uri: () => string): void {
    this.#starts.push({ offset: this.#offset, rows: this.#rows, uri })
    this.#offset += page.bytes
    this.#rows += page.rows
  }

  /** Forgets pages before the one that has `offset`; answers that one. */
  at(offset: number): PageStart | undefined {
    let count = 0
    while ((this.#starts[count + 1]?.offset ?? Infinity) <= offset) count++
    if (count > 0) this.#starts = this.#starts.slice(count)
    return this.#starts[0]
  }

  /** Line: the element's number in its page, from 1. */
  placed(reject: Reject): Reject {
    const start = this.at(reject.offset ?? 0)
    if (start === undefined) return reject
    const { line, offset } = reject
    return {
      ...reject,
      uri: start.uri(),
      line: line === null ? null : line - start.rows,
      offset: offset === null ? null : offset - start.offset,
    }
  }
}

export class HttpReader implements SplitReader {
  readonly #inner: SplitReader
  readonly #starts: PageStarts

  constructor(inner: SplitReader, starts: PageStarts) {
    this.#inner = inner
    this.#starts = starts
  }

  next(): Batch | null | Promise<Batch | null> {
    const next = this.#inner.next()
    return next instanceof Promise ? next.then(b => this.#read(b)) : this.#read(next)
  }

  #read(batch: Batch | null): Batch | null {
    if (batch !== null) this.#starts.at(batch.origin?.offsets?.[batch.rows - 1] ?? 0)
    return batch
  }

  widen(wanted: readonly boolean[]): Batch {
    return this.#inner.widen(wanted)
  }

  /** Elements are counted by page: none lie before a split. */
  end(): SplitEnd | null {
    return null
  }

  close(): void | Promise<void> {
    return this.#inner.close()
  }
}
