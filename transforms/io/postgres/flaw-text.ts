/** Why a value is rejected, in words: what was expected, and what the table has. */
import type { Kind } from '../../../engine/data/kind.ts'
import { show } from '../../../engine/data/value.ts'
import type { Located } from './copy-out.ts'
import { FLAW } from './flaws.ts'
import { partReason } from './json-fields.ts'

const SHOWN_BYTES = 200

export function flawText(
  { bytes, at, lengths, stride }: Located,
  { row, field, flaw, name }: { row: number; field: number; flaw: number; name: string },
  { required, optional }: Kind,
): string {
  const expected = `expected ${required.name}`
  const start = at[field * stride + row] as number
  const length = lengths[field * stride + row] as number
  if (length === -1 && !optional) return `${expected}, got null`
  if (flaw === FLAW.part) return partReason(name, required, bytes.subarray(start, start + length))
  if (flaw === FLAW.utf8) return `${expected}, got bytes that are not UTF-8`
  if (flaw === FLAW.infinite) return `${expected}, got infinity`
  if (flaw === FLAW.digits) return `${expected}, got more digits after the point than its scale`
  if (flaw === FLAW.nested) return `${expected}, got an array of several dimensions`
  if (required.tag === 'list') return `${expected}, got an element that does not fit`
  if (flaw === FLAW.set)
    return `${expected}, got ${show(bytes.toString('utf8', start, start + Math.min(length, SHOWN_BYTES)))}`
  return `${expected}, got a value out of its range`
}
