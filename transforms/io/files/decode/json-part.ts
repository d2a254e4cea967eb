/** What reads a part of a nested value from JSON text, and how it is told that a part does not fit. */
import type { Kind } from '../../../../engine/data/kind.ts'
import type { ByteSink } from '../../../../engine/data/byte-sink.ts'
import { joined, show } from '../../../../engine/data/plain.ts'
import type { JsonText } from './json-text.ts'

/** A part that its kind cannot take. */
export class PartError extends Error {
  path = ''
  under(part: string): this {
    this.path = joined(part, this.path)
    return this
  }
}

export const within = (part: string, error: unknown): unknown =>
  error instanceof PartError ? error.under(part) : error

/** Reads the value that comes next, which is not null. Throws PartError. */
export interface Part {
  read(text: JsonText, into: ByteSink): void
}

const SHOWN = 100

/** What stands there is of another type. */
export function refused(kind: Kind, text: JsonText): PartError {
  const start = text.at
  text.pass()
  const cut = Math.min(text.at, start + SHOWN)
  return refusedAs(kind, text.bytes.utf8Slice(start, cut) + (cut < text.at ? '…' : ''), '')
}

export const refusedAs = ({ required }: Kind, got: string, why: string): PartError =>
  new PartError(`expected ${required.name}, got ${show(got)}${why && ` (${why})`}`)
