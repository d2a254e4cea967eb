/** For tests: a service that knows every style of paging at once, and the rows that it has. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { schema, t } from '../../../../engine/data/schema.ts'
import { readAll } from '../../files/testing/read-all.ts'
import { http } from '../http.ts'
import type { HttpSource, Paging } from '../options.ts'
import { type Answering, itemsOf, serve, type Trouble } from './service.ts'

export const Item = schema({ id: t.int32, name: t.utf8, at: t.timestamp })
export type ItemOptions = HttpSource<typeof Item.fields>

export const ITEMS = itemsOf(230)
export const EXPECTED = ITEMS.map(({ id, name, at }) => ({ id, name, at: Date.parse(at) }))

/** Pages of at most 20 rows, in each style at once. */
export const paged: Answering = ({ url, headers }, response) => {
  const q = url.searchParams
  const size = Math.min(20, Number(q.get('limit') ?? 20))
  const from = q.has('page')
    ? (Number(q.get('page')) - 1) * size
    : Number(q.get('offset') ?? q.get('after') ?? 0)
  const items = ITEMS.slice(from, from + size)
  const next = from + size < ITEMS.length ? from + size : null
  const link = next === null ? null : `${url.pathname}?after=${next}`
  if (link !== null)
    response.setHeader(
      'link',
      `<${link}&rel=x>; rel="prev", <${link}>; title="a, b"; rel="last next"`,
    )
  const meta = { total: String(ITEMS.length), pages: 12, next, link, host: headers.host }
  return { meta, data: { more: [{ a: ']' }], items } }
}

export const STYLES: readonly Paging[] = [
  { style: 'next', path: 'meta.link' },
  { style: 'link' },
  { style: 'cursor', path: ['meta', 'next'], param: 'after' },
  { style: 'page', param: 'page' },
  { style: 'page', param: 'page', total: 'meta.total' },
  { style: 'page', param: 'page', pages: 'meta.pages', size: 20, sizeParam: 'limit' },
  { style: 'offset', param: 'offset', size: 20, sizeParam: 'limit' },
  { style: 'offset', param: 'offset', size: 20, sizeParam: 'limit', total: 'meta.total' },
  // The service gives no more than 20.
  { style: 'offset', param: 'offset', size: 50, sizeParam: 'limit' },
]

/** Reads from a service that makes trouble at every third request; answers what it made. */
export async function readTroubled(seed: number): Promise<readonly Trouble[]> {
  const service = await serve(paged, { seed, rate: 0.3 })
  try {
    const paging = STYLES[seed % STYLES.length] as Paging
    const options: ItemOptions = { rows: 'data.items', paging, timeout: '400ms' }
    const { rows, rejects } = await readAll(http(`${service.uri}/items`, Item, options))
    assert.deepEqual(rejects, [])
    assert.deepEqual(rows, EXPECTED, `seed ${seed}`)
    for (let i = 0; i < 50 && service.underWay() > 0; i++) await sleep(10)
    assert.equal(service.underWay(), 0)
    return service.troubles
  } finally {
    await service.close()
  }
}
