/** Why a value cannot be read into its column. Kept as one byte a row, 0 where there is none. */
import type { Kind } from '../../../engine/data/kind.ts'

/** `part`: of a nested value, told beside it. */
export const FLAW = { null: 1, range: 2, utf8: 3, set: 4, json: 5, part: 6 } as const

export function flawText(kind: Kind, flaw: number): string {
  if (flaw === FLAW.null) return `expected ${kind.name}, got null`
  if (flaw === FLAW.utf8) return `expected ${kind.name}, got bytes that are not UTF-8`
  if (flaw === FLAW.json) return `expected ${kind.name}, got a text that is not JSON`
  if (flaw === FLAW.set) return `expected ${kind.name}, got another text`
  return `expected ${kind.name}, got a value out of its range`
}
