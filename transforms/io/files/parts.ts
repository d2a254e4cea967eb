/**
 * Small objects that are read by one task, one after the other: 100,000 objects are not 100,000 tasks.
 * While one is read the next ones are on their way. Rows, rejects and lines are those of their own object.
 */
import type { Batch } from '../../../engine/data/batch.ts'
import { Fault } from '../../../engine/fault.ts'
import type { Split, SplitEnd, SplitReader } from '../../../engine/io/source.ts'
import type { Located } from './inputs.ts'

/** Objects that a task has at most. */
const PARTS_MAX = 1000
/** An object is small if so many make a split. */
const SMALL_SHARE = 4
/** Objects under way before they are read, and how many bytes of them: `objects/object-heads.ts` keeps them. */
const AHEAD = 32
const AHEAD_BYTES = 7 << 20

interface Parts {
  readonly parts: readonly Split[]
}

export const partsOf = (split: Split): readonly Split[] | null =>
  (split.detail as Partial<Parts> | undefined)?.parts ?? null

/** The object that a split is of; undefined where it is a file on disk. */
export const objectOf = (split: Split): Located['object'] =>
  (split.detail as { object?: Located['object'] } | undefined)?.object

/** Puts small objects that follow each other into one split each. */
export function packed(splits: readonly Split[], splitBytes: number): Split[] {
  const all: Split[] = []
  let parts: Split[] = []
  let bytes = 0
  const end = (): void => {
    const [first] = parts
    if (first && parts.length > 1)
      all.push({
        uri: first.uri,
        start: 0,
        end: Number.POSITIVE_INFINITY,
        bytes,
        detail: { parts } satisfies Parts,
      })
    else all.push(...parts)
    parts = []
    bytes = 0
  }
  splits.forEach((split, i) => {
    const alone = splits[i - 1]?.uri !== split.uri && splits[i + 1]?.uri !== split.uri
    const small = alone && objectOf(split) && split.bytes * SMALL_SHARE <= splitBytes
    if (!small || parts.length === PARTS_MAX || bytes + split.bytes > splitBytes) end()
    if (!small) all.push(split)
    else {
      parts.push(split)
      bytes += split.bytes
    }
  })
  end()
  return all
}

export interface PartsOpener {
  open(part: Split): SplitReader | Promise<SplitReader>
  /** Lets the part's bytes come, and answers how many; its failure is told when it is opened. */
  expect(part: Split): number
}

export class PartsReader implements SplitReader {
  readonly #parts: readonly Split[]
  readonly #opener: PartsOpener
  #next = 0
  /** Bytes of the parts that are under way, the one being read first; the rest follow it. */
  readonly #under: number[] = []
  #reader: SplitReader | null = null
  #lines = 0
  #bytes = 0

  constructor(parts: readonly Split[], opener: PartsOpener) {
    this.#parts = parts
    this.#opener = opener
    this.#ahead()
  }

  #ahead(): void {
    let bytes = this.#under.reduce((sum, b) => sum + b, 0)
    for (;;) {
      const part = this.#parts[this.#next + this.#under.length]
      if (part === undefined || this.#under.length >= AHEAD || bytes >= AHEAD_BYTES) return
      const coming = this.#opener.expect(part)
      this.#under.push(coming)
      bytes += coming
    }
  }

  async next(): Promise<Batch | null> {
    for (;;) {
      const part = this.#parts[this.#next]
      if (this.#reader === null && part === undefined) return null
      this.#reader ??= await this.#opener.open(part as Split)
      const batch = await this.#reader.next()
      if (batch !== null) return batch
      this.#lines += this.#reader.end()?.lines ?? 0
      this.#bytes += part?.bytes ?? 0
      this.#next++
      this.#under.shift()
      this.#ahead()
      await this.close()
    }
  }

  widen(wanted: readonly boolean[]): Batch {
    if (this.#reader === null) throw new Fault('engine', 'there is no batch to widen')
    return this.#reader.widen(wanted)
  }

  end(): SplitEnd | null {
    if (this.#next < this.#parts.length) return null
    return { startedAt: 0, endedAt: this.#bytes, lines: this.#lines }
  }

  async close(): Promise<void> {
    const reader = this.#reader
    this.#reader = null
    await reader?.close()
  }
}
