/** What writes a part of a nested value, and how it says that a value does not fit. */
import type { Kind } from '../../../../engine/data/kind.ts'
import type { ByteSink } from '../../../../engine/data/byte-sink.ts'
import { PartError } from '../../files/decode/json-part.ts'
import type { Bytes } from '../../files/fields.ts'
import { shownAt } from '../bson/shown.ts'

/** Where a value lies: slot s of these places. */
export interface Place {
  bytes: Bytes
  view: DataView
  readonly at: Int32Array
  readonly types: Uint8Array
}

/** Writes the value at slot s, which is not null. Throws PartError. */
export interface Part {
  write(place: Place, s: number, into: ByteSink): void
}

export const otherType = ({ required }: Kind, { bytes, types, at }: Place, s: number): PartError =>
  new PartError(
    `expected ${required.name}, got ${shownAt(bytes, types[s] as number, at[s * 2] as number)}`,
  )
