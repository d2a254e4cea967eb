/** Why a value cannot be read into its column. Kept as one byte a row, 0 where there is none. */
import type { Kind } from '../../../engine/data/kind.ts'

export const FLAW = { null: 1, range: 2, utf8: 3, set: 4 } as const

export function flawText(kind: Kind, flaw: number): string {
  if (flaw === FLAW.null) return `expected ${kind.name}, got null`
  if (flaw === FLAW.utf8) return `expected ${kind.name}, got bytes that are not UTF-8`
  if (flaw === FLAW.set) return `expected ${kind.name}, got another text`
  return `expected ${kind.name}, got a value out of its range`
}
