/** How the pages of a source that counts them are split; others are one chain. */
import { Fault } from '../../../engine/fault.ts'
import type { Page, Range } from './chain.ts'
import type { HttpChoices } from './options.ts'
import { shown } from './request.ts'

/**
 * How many pages there are, by the first; null where the service does not say.
 *
 * Throws  data: the count is none; the service gives fewer rows a page than the option says
 */
export function countOfPages(page: Page, choices: HttpChoices): number | null {
  const { paging } = choices
  if (paging.style !== 'page' && paging.style !== 'offset') return null
  const [value] = page.values
  const counts =
    paging.total !== undefined || (paging.style === 'page' && paging.pages !== undefined)
  if (!counts) return null
  const total = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof total !== 'number' || !Number.isSafeInteger(total) || total < 0)
    throw new Fault('data', `${shown(page.place.url, choices)} does not count its rows or pages`, {
      detail: [`got  ${JSON.stringify(value) ?? 'nothing'}`],
      hint: 'is the path in option paging right?',
    })
  if (paging.total === undefined) return total
  if (paging.size !== undefined && page.rows < Math.min(paging.size, total))
    throw new Fault(
      'data',
      `${shown(page.place.url, choices)} has ${page.rows} rows, though ${paging.size} were to come`,
      {
        hint: `the service gives fewer at a time: set paging.size to ${page.rows || 'what it gives'}`,
      },
    )
  const size = paging.size ?? page.rows
  return size === 0 ? 0 : Math.ceil(total / size)
}

/** Ranges of much the same length. The last one goes on, for rows that come meanwhile. */
export function rangesOf(pages: number | null, { parallel }: HttpChoices): Range[] {
  if (pages === null || pages === 0) return [{ from: 0, to: Infinity, known: 0 }]
  const count = Math.min(parallel, pages)
  const first = (k: number): number => Math.floor((k * pages) / count)
  return Array.from({ length: count }, (_, k) => ({
    from: first(k),
    to: k === count - 1 ? Infinity : first(k + 1),
    known: pages,
  }))
}
