/**
 * A walk over records: what a tokeniser starts from and leaves. Positions are in the window's bytes;
 * `bytes[limit]` is a line feed that the window puts there, so that no loop asks for the end, and
 * three more bytes may be read beyond it.
 */
import type { Bytes } from './fields.ts'

/** A record that is no row: where it lies in the window, and why. */
export interface Broken {
  readonly start: number
  readonly end: number
  readonly why: string
}

export interface Walk {
  bytes: Bytes
  view: DataView
  /** Where the next record starts. */
  next: number
  /** Bytes there are. */
  limit: number
  /** True where no more bytes follow. */
  final: boolean
  /** Records that start here or later are not ours. */
  stop: number
  /** True where all up to the next line break is to be passed over. */
  skipping: boolean
  rows: number
  readonly rowsMax: number
  /** First byte of each row, and the byte after its last. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** The fields, as `fields.ts` says. */
  readonly at: Int32Array
  readonly stride: number
  readonly recordBytesMax: number
  /** Line breaks passed. */
  lines: number
  readonly broken: Broken[]
}

/** Why a walk stopped: the rows are full, it needs more bytes, the next record is not ours. */
export type Stopped = 'full' | 'more' | 'done'

export const LF = 10
export const CR = 13

/** Passes over what is left of a line. False where its end is not there yet. */
export function skipLine(w: Walk): boolean {
  const feed = w.bytes.indexOf(LF, w.next)
  w.skipping = feed >= w.limit
  w.next = w.skipping ? w.limit : feed + 1
  if (!w.skipping) w.lines++
  return !w.skipping
}
