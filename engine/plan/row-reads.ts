/**
 * Proves which columns of its row a lambda can read. The proof goes by the lambda's text and errs on
 * one side: a name that follows the row's parameter counts as read wherever it stands, and whatever is
 * not recognised (spread, a row passed on, kept or returned, a computed key, a property that is no
 * column, `arguments`) counts as a use of the whole row. Two things rest on it: such a lambda may be
 * given a row view instead of a row literal, several times faster, and columns that nobody else needs
 * can be left out before an exchange. A view has a getter for each column left out, which ends the run.
 */
const PARAMETER =
  /^(?:async\s+)?(?:function\b\s*\*?\s*[\w$]*\s*)?\(?\s*([A-Za-z_$][\w$]*)\s*(?:=>|[,)])/
const METHOD = /^(?:async\s+)?\*?\s*[\w$]+\s*\(\s*([A-Za-z_$][\w$]*)\s*[,)]/
const DESTRUCTURED = /^(?:async\s+)?(?:function\b\s*\*?\s*[\w$]*\s*)?\(?\s*\{([^{}[\]=]*)\}\s*[,)]/
/** Words that give a function other ways to its row, or let it run on later; an escape can spell any name. */
const BEYOND = /\b(arguments|eval|yield|async|await|class)\b|\\u/

/** A letter of an identifier. */
const LETTER = '[\\p{ID_Continue}$\\u200c\\u200d]'
const NAME = new RegExp(`^${LETTER}+$`, 'u')
const ASSIGNED = '(?:\\*\\*|<<|>>>?|&&|\\|\\||\\?\\?|[-+*/%&|^])?=(?!=)|\\+\\+|--'

// biome-ignore lint/complexity/noBannedTypes: the text of any function is read
type AnyFunction = Function

/** The columns, of those given, that `fn` may read of its first argument; null where it may use the row as a whole. */
export function rowReads(
  fn: AnyFunction,
  columns: ReadonlySet<string>,
): ReadonlySet<string> | null {
  const text = Function.prototype.toString.call(fn)
  if (BEYOND.test(text)) return null
  if (/^\(\s*\)\s*=>/.test(text)) return new Set()
  const destructured = DESTRUCTURED.exec(text)
  if (destructured) return patternReads(destructured[1] as string, columns)
  const name = (PARAMETER.exec(text) ?? METHOD.exec(text))?.[1]
  return name === undefined ? null : parameterReads(text, name, columns)
}

/** Of `({ a, b: c }) => …`: a property that is no column reads as it does in a row without it. */
function patternReads(pattern: string, columns: ReadonlySet<string>): ReadonlySet<string> | null {
  const reads = new Set<string>()
  for (const part of pattern.split(',')) {
    const property = part.split(':')[0]?.trim() as string
    if (property === '') continue
    if (!NAME.test(property) || !columns.has(property)) return null
    reads.add(property)
  }
  return reads
}

function parameterReads(
  text: string,
  name: string,
  columns: ReadonlySet<string>,
): ReadonlySet<string> | null {
  const body = text.slice(text.indexOf(name) + name.length)
  const uses = new RegExp(
    `(\\.\\.\\.|\\.|${LETTER})?${name.replaceAll('$', '\\$')}(?!${LETTER})(\\s*\\??\\.\\s*(${LETTER}+)\\s*(${ASSIGNED})?)?`,
    'gu',
  )
  const reads = new Set<string>()
  for (const [, before, access, column, assigned] of body.matchAll(uses)) {
    if (before !== undefined && before !== '...') continue
    if (access === undefined || assigned !== undefined) return null
    if (column === undefined || !columns.has(column)) return null
    reads.add(column)
  }
  return reads
}
