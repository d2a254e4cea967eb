/** What stands between two fields: what the option says, what a file's name says, what a header looks like. */
import { wrong } from './wrong.ts'

const COMMA = 44
const TAB = 9
const PIPE = 124
const LONGEST = 8

export interface Delimiter {
  /** Its first byte; null: by the file's name. */
  readonly delimiter: number | null
  /** The bytes after the first; most have none. */
  readonly rest: Uint8Array
}

/** Throws pipeline: not one to eight ASCII characters that are no quote or line break. */
export function delimiterOf(option: string | undefined): Delimiter {
  if (option === undefined) return { delimiter: null, rest: new Uint8Array(0) }
  const bytes = Buffer.from(String(option), 'utf8')
  const good = bytes.every(b => b > 0 && b < 127 && b !== 34 && b !== 10 && b !== 13)
  if (typeof option !== 'string' || bytes.length === 0 || bytes.length > LONGEST || !good)
    throw wrong(
      'delimiter',
      option,
      'one ASCII character that is no quote or line break, or up to eight of them',
    )
  return { delimiter: bytes[0] as number, rest: Uint8Array.from(bytes.subarray(1)) }
}

/** A tab in files named .tsv or .tab, a pipe in .psv, a comma in all others. */
export function usualDelimiter(path: string): number {
  const [, name = ''] = /\.(tsv|tab|psv)(?:\.\w+)?$/i.exec(path) ?? []
  return name === '' ? COMMA : name.toLowerCase() === 'psv' ? PIPE : TAB
}

/** The longer before those that they are made of. */
const LIKELY = ['~|~', '|~|', '||', '::', ';', '\t', '|', ',', '^', '~', '\x01', '\x1f', ':']

/** The delimiter by which a header line has most of the wanted names; null: it has none of them by any. */
export function likelyDelimiter(line: string, wanted: readonly string[]): string | null {
  let best: string | null = null
  let most = 0
  for (const delimiter of LIKELY) {
    if (!line.includes(delimiter)) continue
    const names = line.split(delimiter).map(name => name.replace(/^[\s"]+|[\s"]+$/g, ''))
    const found = wanted.filter(name => names.includes(name)).length
    if (found > most) [best, most] = [delimiter, found]
  }
  return best
}

/** Whether bytes[at…] go on as `rest` says. */
export function goesOn(bytes: Uint8Array, at: number, rest: Uint8Array): boolean {
  for (let k = 0; k < rest.length; k++) if (bytes[at + k] !== rest[k]) return false
  return true
}
