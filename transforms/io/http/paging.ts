/** The styles of paging: which address a page has, and which one comes after it. */
import { Fault } from '../../../engine/fault.ts'
import { type HttpChoices, keysOf } from './options.ts'
import type { WalkedPage } from './page-walk.ts'
import { safeUrl, shown } from './request.ts'
import { givenText } from './secrets.ts'

/** A page that was read, as far as paging goes. */
export interface PageFacts {
  readonly url: string
  readonly link: string | null
  readonly rows: number
  readonly values: WalkedPage['values']
}

/** Where a chain of pages stands: a page's number, or the rows before it; of other styles its address. */
export interface Place {
  readonly at: number
  readonly url: URL
}

/** Times of an incremental source, as the service wants them. */
export interface Times {
  readonly since: string | null
  readonly until: string | null
}

export class Pages {
  readonly #base: URL
  readonly #choices: HttpChoices
  /** Paths into a page's body whose values paging wants. */
  readonly paths: readonly (readonly string[])[]

  constructor(uri: string, choices: HttpChoices, times: Times) {
    this.#choices = choices
    this.#base = new URL(uri)
    const { paging, query, incremental } = choices
    for (const [name, given] of query) this.#base.searchParams.set(name, givenText(given))
    if (incremental && times.since !== null)
      this.#base.searchParams.set(incremental.param, times.since)
    if (incremental?.until && times.until !== null)
      this.#base.searchParams.set(incremental.until, times.until)
    if (paging.style === 'next' || paging.style === 'cursor')
      this.paths = [keysOf('paging.path', paging.path)]
    else if (paging.style === 'page' || paging.style === 'offset') {
      const total = paging.total ?? (paging.style === 'page' ? paging.pages : undefined)
      this.paths = total === undefined ? [] : [keysOf('paging.total', total)]
    } else this.paths = []
  }

  /** The address of the nth page, from 0; null where only the page before it knows. */
  nth(n: number): Place | null {
    const { paging } = this.#choices
    if (paging.style === 'page') return this.#numbered((paging.first ?? 1) + n)
    if (paging.style === 'offset') return this.#numbered(n * paging.size)
    return n === 0 ? { at: 0, url: this.#base } : null
  }

  /** The place after this page; null at the end. */
  after({ at }: Place, page: PageFacts): Place | null {
    const { paging } = this.#choices
    const [value] = page.values
    switch (paging.style) {
      case 'page':
        return page.rows === 0 ? null : this.#numbered(at + 1)
      // By the rows that came: a service may give fewer than were asked for.
      case 'offset':
        return page.rows === 0 ? null : this.#numbered(at + page.rows)
      case 'cursor':
        return this.#cursor(at, value)
      case 'next':
        return this.#linked(at, value, page.url)
      case 'link':
        return this.#linked(at, nextOf(page.link), page.url)
      default:
        return null
    }
  }

  #numbered(at: number): Place {
    const { paging } = this.#choices
    const url = new URL(this.#base)
    if (paging.style !== 'page' && paging.style !== 'offset') return { at, url }
    url.searchParams.set(paging.param, String(at))
    if (paging.size !== undefined && paging.sizeParam !== undefined)
      url.searchParams.set(paging.sizeParam, String(paging.size))
    return { at, url }
  }

  #cursor(at: number, value: WalkedPage['values'][number]): Place | null {
    const { paging } = this.#choices
    if (paging.style !== 'cursor' || ended(value)) return null
    const url = new URL(this.#base)
    url.searchParams.set(paging.param, String(value))
    return { at: at + 1, url }
  }

  /** A service leaves keys out of its links. */
  #addSecrets(url: URL): void {
    for (const [name, given] of this.#choices.query)
      if (typeof given !== 'string' && !url.searchParams.has(name))
        url.searchParams.set(name, givenText(given))
  }

  #linked(at: number, value: WalkedPage['values'][number], from: string): Place | null {
    if (ended(value)) return null
    if (typeof value === 'string') {
      const url = safeUrl(value, new URL(from), this.#choices)
      if (url.origin === this.#base.origin) this.#addSecrets(url)
      return { at: at + 1, url }
    }
    throw new Fault(
      'data',
      `${shown(from, this.#choices)} has no address of the next page at its path`,
      {
        detail: [`got  ${JSON.stringify(value)}`],
      },
    )
  }
}

const isCounted = ({ paging }: HttpChoices): boolean => 'total' in paging || 'pages' in paging

const ended = (value: WalkedPage['values'][number]): boolean =>
  value === undefined || value === null || value === '' || value === false

/** The address with rel="next" in a Link header (RFC 8288); null: there is none. */
export function nextOf(header: string | null): string | null {
  for (const [, url = '', params = ''] of (header ?? '').matchAll(/<([^>]*)>((?:[^,"]|"[^"]*")*)/g))
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/i.test(params)) return url
  return null
}

/** Pages in a row that may have the very same rows, where nothing tells how many there are. */
const SAME_MAX = 3

/** Notices a chain that comes back to where it was; a hash of each address is kept. */
export class Circle {
  readonly #seen = new Set<string>()
  #last = ''
  #same = 1

  /** Throws data: this address was read already, or these very rows several times in a row. */
  pass(place: Place, lines: Uint8Array, choices: HttpChoices): void {
    const address = hashOf(place.url.href)
    if (this.#seen.has(address))
      throw new Fault('data', `paging goes in circles: ${shown(place.url, choices)} comes again`, {
        hint: 'is option paging right for this service?',
      })
    this.#seen.add(address)
    const { paging } = choices
    if (!('param' in paging) || isCounted(choices) || lines.length === 0) return
    const content = hashOf(lines)
    this.#same = content === this.#last ? this.#same + 1 : 1
    this.#last = content
    if (this.#same > SAME_MAX)
      throw new Fault(
        'data',
        `${shown(place.url, choices)} has the same rows as the pages before it`,
        {
          hint: `does the service know parameter ${JSON.stringify(paging.param)}?`,
        },
      )
  }
}

/** Loaded by need: `node:crypto` takes each thread 10 ms, and this module is loaded by every run. */
const hashOf = (of: string | Uint8Array): string =>
  process.getBuiltinModule('node:crypto').hash('sha1', of, 'base64').slice(0, 12)
