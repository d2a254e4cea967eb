/**
 * Decides how a lambda gets its row. A row view (one object a stage, getters over the columns) is
 * several times faster than a row literal, but is only right where the lambda does nothing with the
 * row except read its columns by name during the call. This proof reads the lambda's text, and errs
 * on one side: whatever it does not recognise (spread, a row passed on, kept or returned, a property
 * that is no column, `arguments`) gets row literals, which are plain objects and always right.
 */
const PARAMETER =
  /^(?:async\s+)?(?:function\b\s*\*?\s*[\w$]*\s*)?\(?\s*([A-Za-z_$][\w$]*)\s*(?:=>|[,)])/
const METHOD = /^(?:async\s+)?\*?\s*[\w$]+\s*\(\s*([A-Za-z_$][\w$]*)\s*[,)]/
const DESTRUCTURED = /^(?:async\s+)?(?:function\b\s*\*?\s*[\w$]*\s*)?\(?\s*\{([^{}[\]=]*)\}\s*[,)]/

// biome-ignore lint/complexity/noBannedTypes: the text of any function is read
export function safeToView(fn: Function, columns: ReadonlySet<string>): boolean {
  const text = Function.prototype.toString.call(fn)
  if (/\b(arguments|eval|yield|async|await|class)\b/.test(text)) return false
  const destructured = DESTRUCTURED.exec(text)
  if (destructured) return !destructured[1]?.includes('...')
  const name = (PARAMETER.exec(text) ?? METHOD.exec(text))?.[1]
  if (name === undefined) return false
  const body = text.slice(text.indexOf(name) + name.length)
  const escaped = name.replaceAll('$', '\\$')
  const uses = new RegExp(
    `(\\.\\.\\.|\\.|[\\w$])?${escaped}(?![\\w$])(\\s*\\??\\.\\s*([\\w$]+)\\s*(=(?!=)|\\+\\+|--|[-+*/%&|^]=)?)?`,
    'g',
  )
  for (const [, before, access, column, assigned] of body.matchAll(uses)) {
    if (before !== undefined && before !== '...') continue
    if (access === undefined || assigned !== undefined) return false
    if (column === undefined || !columns.has(column)) return false
  }
  return true
}
