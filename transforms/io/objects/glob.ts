/**
 * Patterns of object names: `*` and `?` within a part of the name, `**` across parts, `{a,b}`, `[a-z]`.
 * A store lists by prefix alone, so the longest text before the first wildcard is what it is asked for.
 */

const MAGIC = /[*?{[]/

export interface Pattern {
  /** What every match begins with. */
  readonly prefix: string
  /** Up to the last slash of it. */
  readonly base: string
  matches(name: string): boolean
}

export const hasWildcards = (name: string): boolean => MAGIC.test(name)

/** Hidden names, and what engines leave beside their data. */
export const isHidden = (part: string): boolean => part.startsWith('.') || part.startsWith('_')

/** Names under wildcards whose parts start with `.` or `_` match only where the pattern asks for such. */
export function patternOf(text: string): Pattern {
  const prefix = text.slice(0, text.search(MAGIC))
  const base = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  const like = new RegExp(`^${sourceOf(text)}$`, 'su')
  const asked = /(?:^|\/)[._](?!\.?\/)/.test(text.slice(base.length))
  const shown = (name: string) => !name.slice(base.length).split('/').some(isHidden)
  return { prefix, base, matches: name => like.test(name) && (asked || shown(name)) }
}

function sourceOf(text: string): string {
  let source = ''
  let open = 0
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string
    if (c === '*') {
      const many = text[i + 1] === '*'
      if (many) i++
      const folders = many && text[i + 1] === '/' && (i < 2 || text[i - 2] === '/')
      if (folders) i++
      source += folders ? '(?:[^]*/)?' : many ? '[^]*' : '[^/]*'
    } else if (c === '?') source += '[^/]'
    else if (c === '[' && classAt(text, i) !== null) {
      const found = classAt(text, i) as { source: string; end: number }
      source += found.source
      i = found.end
    } else if (c === '{' && text.indexOf('}', i) > 0) {
      open++
      source += '(?:'
    } else if (c === '}' && open > 0) {
      open--
      source += ')'
    } else source += c === ',' && open > 0 ? '|' : literal(c)
  }
  return source + ')'.repeat(open)
}

/** `[a-z]`, `[!a-z]`; null where no bracket closes it. */
function classAt(text: string, at: number): { source: string; end: number } | null {
  const negated = text[at + 1] === '!' || text[at + 1] === '^'
  const from = at + (negated ? 2 : 1)
  // A bracket that comes first is a member.
  const end = text.indexOf(']', from + 1)
  if (end < 0) return null
  const members = text.slice(from, end).replace(/[\\\]^[&~]/gu, '\\$&')
  return { source: `(?!/)[${negated ? '^' : ''}${members}]`, end }
}

const literal = (c: string): string => c.replace(/[\\^$.*+?()[\]{}|/]/u, '\\$&')
