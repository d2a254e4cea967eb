/** Text for a terminal: what is longer than a line goes on below, under where it began. */

export const LINE_MAX = 100

/** `head` and then the words, as many to a line as fit; a word is never cut. */
export function flow(head: string, words: readonly string[], lineMax = LINE_MAX): string {
  const indent = ' '.repeat(head.length)
  const lines: string[] = []
  let line = head
  for (const word of words) {
    const empty = line === head || line === indent
    const more = empty ? line + word : `${line} ${word}`
    if (empty || more.length <= lineMax) line = more
    else {
      lines.push(line)
      line = indent + word
    }
  }
  return [...lines, line].map(l => l.trimEnd()).join('\n')
}
