/** A field as a JS string: what the slow paths parse and refusals show. */
import type { Fields } from '../fields.ts'

/** The field that starts at `at[p]`, escapes resolved. */
export function textOf(f: Fields, p: number): string {
  const start = f.at[p] as number
  const end = f.at[p + 1] as number
  if (end >= 0) return f.bytes.utf8Slice(start, end)
  return f.plain.utf8Slice(0, f.unescape(start, ~end))
}

/** Without surrounding spaces and tabs. A field longer than any number is cut, and so no number. */
export function trimmed(f: Fields, p: number): string {
  const start = f.at[p] as number
  const end = f.at[p + 1] as number
  if (end - start > 400) return 'too long'
  return textOf(f, p).replace(/^[ \t]+|[ \t]+$/g, '')
}
