/** How many columns of a terminal a text takes, and a text cut to fit: names come from users' files. */

/** East Asian wide and fullwidth characters and emoji: two columns (Unicode Standard Annex 11, in short). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u
const CONTROL = /[\p{Cc}\u2028\u2029]/gu

/** A name in one line: what would move the cursor becomes a dot. */
export const oneLine = (text: string): string => text.replace(CONTROL, '·')

/** Of a terminal, or as COLUMNS says; a file or pipe is as wide as it must be. */
export function columnsOf(out: NodeJS.WriteStream): number {
  const said = Number(process.env['COLUMNS'])
  const given = Number.isInteger(said) && said > 0 ? said : Number.POSITIVE_INFINITY
  return out.isTTY ? out.columns || given : given
}

const widthOfChar = (char: string): number => (NO_WIDTH.test(char) ? 0 : WIDE.test(char) ? 2 : 1)

export function widthOf(text: string): number {
  let width = 0
  for (const char of text) width += widthOfChar(char)
  return width
}

/** At most `columns` wide; `…` stands for what was cut. */
export function fit(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let out = ''
  let width = 0
  for (const char of text) {
    width += widthOfChar(char)
    if (width > columns - 1) break
    out += char
  }
  return `${out}…`
}

/** A text with a URI or a path in it: of that, what comes first is cut first, since its end tells most. */
export function fitPath(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  const [, before = '', scheme = '', path = ''] =
    /^((?:[^/]* )?)([a-z][a-z0-9+.-]*:\/\/)?(\S*\/.*)$/.exec(text) ?? []
  const parts = path.split('/')
  for (let cut = 1; cut < parts.length; cut++) {
    const rest = `…/${parts.slice(cut).join('/')}`
    for (const begin of [before + scheme, before])
      if (widthOf(begin + rest) <= columns) return begin + rest
  }
  return fit(text, columns)
}

/** Exactly `columns` wide. */
export function fill(text: string, columns: number): string {
  const short = fitPath(text, columns)
  return short + ' '.repeat(Math.max(0, columns - widthOf(short)))
}
