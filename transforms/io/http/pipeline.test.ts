/** A JSON service through the engine: its rows by key, its rejects as rows, all accounted for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runRows } from '../../../testing/index.ts'
import { http } from './http.ts'
import { Item, ITEMS } from './testing/paged.ts'
import { serve } from './testing/service.ts'

test('rows and rejects of a service that is read in parallel', async () => {
  const service = await serve(({ url }) => {
    const page = Number(url.searchParams.get('page'))
    const items = ITEMS.slice(page * 10 - 10, page * 10)
    return { total: 230, items: items.map(i => (i.id % 50 === 7 ? { ...i, id: null } : i)) }
  })
  try {
    const { rows } = await runRows(p => {
      const read = p.read(
        http(`${service.uri}/items`, Item, {
          rows: 'items',
          paging: { style: 'page', param: 'page', size: 10, total: 'total' },
        }),
      )
      return {
        late: read.filter(r => r.id >= 225),
        counts: read
          .derive({ ten: [Item.fields.id, r => r.id % 2] })
          .groupBy('ten')
          .aggregate(g => ({ n: g.count() })),
        bad: read.rejects,
      }
    })
    assert.deepEqual(rows.late.map(r => r.id).sort(), [225, 226, 227, 228, 229])
    assert.equal(
      rows.counts.reduce((sum, r) => sum + r.n, 0),
      225,
    )
    assert.deepEqual(
      rows.bad.map(r => [r.source?.slice(service.uri.length), r.line, r.reason]).sort(),
      [1, 6, 11, 16, 21].map(page => [`/items?page=${page}`, 8, 'expected int32, got null']).sort(),
    )
  } finally {
    await service.close()
  }
})
