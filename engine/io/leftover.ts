/** What a dead run left in or beside an output, as `millrace clean` shows and removes it. */
import type { PlaceOwner } from './output-place.ts'

export interface LeftBehind {
  /** Such as `upload, not completed`. */
  readonly what: string
  /** A path or URI, safe to show. */
  readonly where: string
  /** 0 where it is not known. */
  readonly bytes: number
  /** Epoch milliseconds. */
  readonly begun: number
  /** Again and again does no harm. */
  remove(): Promise<void>
}

export interface LeftoverSearch {
  /** What began later is left alone, epoch milliseconds. */
  readonly before: number
  /** Null where it cannot be told from this machine. */
  isAlive(owner: PlaceOwner): boolean | null
  /** Told of an output that is left alone as a run is at work there. */
  busy(where: string): void
}
