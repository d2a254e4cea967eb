/** Rows that cannot be read, as the engine wants to hear of them. */
import type { Kind } from '../../../engine/data/kind.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { show } from '../../../engine/data/value.ts'
import type { ReadRequest } from '../../../engine/io/source.ts'
import type { Bytes } from './fields.ts'
import { LF } from './walk.ts'

/** A record refused: where it lies in the window, and why. */
export interface Rejected {
  readonly start: number
  readonly end: number
  /** By position in the schema; -1 where no column is to blame. */
  readonly column: number
  readonly why: string
  /** The text that its column cannot take; null where the reason says it all. */
  readonly got: string | null
}

const RAW_MAX = 4096

export class Rejects {
  readonly #uri: string
  readonly #format: { readonly schema: AnySchema; readonly latin1: boolean }
  readonly #request: ReadRequest

  constructor(uri: string, format: { schema: AnySchema; latin1: boolean }, request: ReadRequest) {
    this.#uri = uri
    this.#format = format
    this.#request = request
  }

  /** `found` in the order of the records. */
  report(
    found: readonly Rejected[],
    o: { bytes: Bytes; base: number; lineAt: (start: number) => number },
  ): void {
    const { schema, latin1 } = this.#format
    for (const { start, end, column, why, got } of found) {
      const field = column < 0 ? null : schema.list[column]
      const cut = Math.min(end, start + RAW_MAX)
      const raw = latin1 ? decode1252(o.bytes.subarray(start, cut)) : o.bytes.utf8Slice(start, cut)
      this.#request.reject({
        reason: got === null || !field ? why : reasonOf(field.kind, got, why),
        column: field?.name ?? null,
        uri: this.#uri,
        line: o.lineAt(start),
        offset: o.base + start,
        raw: (cut < end ? `${raw}…` : raw).replace(/\r$/, ''),
      })
    }
  }
}

function reasonOf({ required }: Kind, got: string, why: string): string {
  return `expected ${required.name}, got ${got === 'null' ? 'null' : show(got)}${why && ` (${why})`}`
}

const windows1252 = new TextDecoder('windows-1252')
const decode1252 = (bytes: Uint8Array): string => windows1252.decode(bytes)

/** Counts the line feeds of from..to. */
export type Feeds = (from: number, to: number) => number

export const feedsOf =
  (bytes: Uint8Array): Feeds =>
  (from, to) => {
    let count = 0
    for (let i = from; i < to; i++) if (bytes[i] === LF) count++
    return count
  }

/** The line of a position, counted on from the last one asked for. Positions must ascend. */
export function linesOf(feeds: Feeds, from: number, before: number): (position: number) => number {
  let at = from
  let line = before + 1
  return position => {
    line += feeds(at, position)
    at = position
    return line
  }
}
