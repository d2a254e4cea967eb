/** JSON services: every style of paging, services that misbehave, what goes to rejects, and what is refused. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Fault } from '../../../engine/fault.ts'
import { readAll } from '../files/testing/read-all.ts'
import { http } from './http.ts'
import type { AnySource, Split } from '../../../engine/io/source.ts'
import type { Paging } from './options.ts'
import { nextOf } from './paging.ts'
import { retryAfterMs } from '../retry/retry.ts'
import {
  EXPECTED,
  Item,
  type ItemOptions,
  ITEMS,
  paged,
  readTroubled,
  STYLES,
} from './testing/paged.ts'
import { type Answering, type Service, serve, TROUBLES } from './testing/service.ts'

const services: Service[] = []
after(() => Promise.all(services.map(s => s.close())))

async function started(answer: Answering) {
  const service = await serve(answer)
  services.push(service)
  return service
}

test('every style of paging gives all rows, once, in order', async () => {
  const { uri } = await started(paged)
  for (const paging of STYLES) {
    const { rows, rejects, splits } = await readAll(
      http(`${uri}/items`, Item, { rows: 'data.items', paging }),
      { rowsPerBatch: 50 },
    )
    assert.deepEqual(rejects, [])
    assert.deepEqual(rows, EXPECTED, JSON.stringify(paging))
    const counted = 'total' in paging || 'pages' in paging
    assert.equal(splits, counted ? 4 : 1)
  }
})

test('a service that misbehaves gives the same rows, and no request is left under way', async () => {
  const seeds = Array.from({ length: 20 }, (_, i) => i + 1)
  const made = await Promise.all(seeds.map(readTroubled))
  assert.equal(new Set(made.flat()).size, TROUBLES.length)
})

test('rejects name the page and the number of the element in it', async () => {
  const bad = (n: number) => [{ id: n, name: 'a', at: 0 }, 5, { id: 'x', name: 'b', at: 0 }, null]
  const { uri } = await started(({ url }) =>
    Number(url.searchParams.get('page')) > 3 ? [] : bad(Number(url.searchParams.get('page'))),
  )
  const paging: Paging = { style: 'page', param: 'page' }
  const { rows, rejects } = await readAll(http(`${uri}/a?b=1`, Item, { paging }))
  assert.deepEqual(
    rows.map(r => r.id),
    [1, 2, 3],
  )
  assert.deepEqual(
    rejects.map(r => [r.uri?.slice(uri.length), r.line, r.reason]),
    [1, 2, 3].flatMap(page => [
      [`/a?b=1&page=${page}`, 2, 'expected a JSON object, got a number'],
      [`/a?b=1&page=${page}`, 3, 'expected int32, got "x" (a text)'],
      [`/a?b=1&page=${page}`, 4, 'expected a JSON object, got null'],
    ]),
  )
})

test('secrets go to the host of the source alone, and are never shown', async () => {
  process.env.MILLRACE_TEST_TOKEN = 's3cr3t/ü'
  const other = await started(() => ITEMS.slice(0, 2))
  const home = await started(({ url }, response) => {
    if (url.pathname === '/linked') {
      response.setHeader('link', `<${other.uri}/x>; rel=next`)
      return ITEMS.slice(2, 4)
    }
    if (url.pathname === '/echo') {
      response.writeHead(403)
      response.end(`no ${url.search} for s3cr3t/ü`)
      return undefined
    }
    response.writeHead(302, { location: `${other.uri}/y` })
    response.end()
    return undefined
  })
  const token = { env: 'MILLRACE_TEST_TOKEN' }
  const headers = { 'x-auth': { ...token, prefix: 'Bearer ' }, 'x-plain': 'p' }
  const options: ItemOptions = { headers, query: { key: token }, paging: { style: 'link' } }
  const ascii = { ...options, headers: { 'x-plain': 'p' } }
  await readAll(http(`${home.uri}/moved`, Item, ascii))
  const source = http(`${home.uri}/echo`, Item, ascii)
  assert.ok(!`${source.fingerprint}${source.uri}`.includes('s3cr3t'))
  await assert.rejects(source.plan({ splitBytes: 1 }), e => {
    assert.ok(e instanceof Fault && e.kind === 'resource')
    assert.ok(!/s3cr|%C3%BC/.test(e.render()), e.render())
    assert.match(e.render(), /answered 403 Forbidden/)
    assert.match(e.render(), /said {2}no \?key=\*\*\* for \*\*\*/)
    return true
  })
  process.env.MILLRACE_TEST_TOKEN = 'plain-secret'
  const { rows } = await readAll(http(`${home.uri}/linked`, Item, options))
  assert.deepEqual(
    rows.map(r => r.id),
    [2, 3, 0, 1],
  )
  assert.equal(home.asked.at(-1)?.headers['x-auth'], 'Bearer plain-secret')
  for (const { headers: sent } of other.asked) assert.equal(sent['x-auth'], undefined)
  assert.equal(other.asked.at(-1)?.headers['x-plain'], 'p')
  delete process.env.MILLRACE_TEST_TOKEN
  await fails(
    http(`${home.uri}/linked`, Item, options),
    'resource',
    /MILLRACE_TEST_TOKEN is not set/,
  )
})

async function fails(source: AnySource, kind: Fault['kind'], pattern: RegExp): Promise<void> {
  await assert.rejects(readAll(source), e => {
    assert.ok(e instanceof Fault, String(e))
    assert.match(e.render(), pattern)
    assert.equal(e.kind, kind)
    return true
  })
}

test('what a service must not do is a fault that says what to do', async () => {
  const { uri } = await started(({ url }, response) => {
    const path = url.pathname
    const page = Number(url.searchParams.get('page') ?? 0)
    if (path === '/circle')
      return { data: ITEMS.slice(page, page + 1), next: `/circle?page=${(page + 1) % 3}` }
    if (path === '/same') return { data: ITEMS.slice(0, 2) }
    if (path === '/object') return { data: { a: 1 } }
    if (path === '/large') return ITEMS.slice(0, 100)
    if (path === '/endless') return { data: ITEMS.slice(page % 9, (page % 9) + 1) }
    if (path === '/gap')
      return { total: 100, data: page === 3 ? [] : ITEMS.slice(page * 20, page * 20 + 20) }
    if (path === '/few') return { total: 100, data: ITEMS.slice(0, 7) }
    if (path === '/file') return { data: ITEMS.slice(0, 1), next: 'file:///etc/passwd' }
    const html = path === '/html'
    response.writeHead(path === '/wait' ? 429 : html ? 200 : 401, {
      'retry-after': '3600',
      ...(html && { 'content-type': 'text/html' }),
    })
    response.end('<html>')
    return undefined
  })
  const next: ItemOptions = { rows: 'data', paging: { style: 'next', path: 'next' } }
  const page: ItemOptions = { rows: 'data', paging: { style: 'page', param: 'page', first: 0 } }
  const total = {
    ...page,
    paging: { style: 'page', param: 'page', size: 20, first: 0, total: 'total' },
  } as ItemOptions
  const at = (path: string, o: ItemOptions) => http(`${uri}${path}`, Item, o)
  await fails(
    at('/circle?page=0', next),
    'data',
    /paging goes in circles: http.*page=0 comes again/,
  )
  await fails(
    at('/same', page),
    'data',
    /has the same rows as the pages before it[\s\S]*parameter "page"/,
  )
  await fails(at('/object', page), 'data', /has no list at "data"/)
  await fails(
    at('/large', { pageBytesMax: '1000' }),
    'data',
    /larger than 1000 bytes[\s\S]*pageBytesMax/,
  )
  await fails(at('/endless', { ...page, pagesMax: 5 }), 'data', /past page 5/)
  await fails(at('/gap', total), 'data', /page=3.* has no rows, though the service counted more/)
  await fails(
    at('/few', total),
    'data',
    /has 7 rows, though 20 were to come[\s\S]*set paging.size to 7/,
  )
  await fails(at('/few', { ...total, rows: 'x' }), 'data', /has no list at "x"/)
  await fails(at('/file', next), 'data', /leads to file:.*not safe/)
  await fails(at('/html', next), 'data', /is not JSON: at byte 0, near "<html>"/)
  await fails(
    at('/wait', next),
    'resource',
    /answered 429[\s\S]*tried {2}once[\s\S]*asks to wait 3600 s[\s\S]*requestsPerSecond/,
  )
  await fails(at('/no', next), 'resource', /answered 401[\s\S]*environment variable/)
})

test('a service that does not answer is given up at the deadline', async () => {
  const { uri } = await started(() => undefined)
  const started_ = performance.now()
  const o: ItemOptions = { timeout: '50ms', deadline: '400ms' }
  await fails(http(uri, Item, o), 'resource', /did not answer in 0.05 s[\s\S]*tried {2}\d+ times/)
  assert.ok(performance.now() - started_ < 3000)
  await fails(
    http('http://127.0.0.1:1/', Item, { deadline: '30s' }),
    'resource',
    /cannot read http/,
  )
  assert.ok(performance.now() - started_ < 6000, 'what no request can reach was asked for again')
})

test('requests keep to the rate, also in parallel splits', async () => {
  const service = await started(paged)
  const paging: Paging = { style: 'page', param: 'page', total: 'meta.total' }
  const source = http(service.uri, Item, { rows: 'data.items', paging, requestsPerSecond: 100 })
  const { splits } = await source.plan({ splitBytes: 1 })
  service.asked.length = 0
  const readers = await Promise.all(splits.map(split => rowsOf(source, split)))
  assert.equal(
    readers.reduce((a, b) => a + b, 0),
    ITEMS.length,
  )
  const times = service.asked.map(a => a.at).sort((a, b) => a - b)
  const spent = (times.at(-1) as number) - (times[0] as number)
  // Each split begins at once; 13 requests in four splits at 25 a second each.
  assert.ok(times.length === 13 && spent >= 70, `${times.length} requests in ${spent} ms`)
})

async function rowsOf(source: AnySource, split: Split): Promise<number> {
  const reader = await source.open(split, {
    wanted: [true, true, true],
    rowsPerBatch: 1000,
    reject: () => assert.fail(),
    advance: () => {},
  })
  let rows = 0
  for (let b = await reader.next(); b !== null; b = await reader.next()) rows += b.selected
  await reader.close()
  return rows
}

test('an incremental source asks from its mark less the overlap, and moves it by the clock of the service', async () => {
  const service = await started(({ url }, response) => {
    response.setHeader('date', 'Sat, 21 Nov 2026 10:00:00 GMT')
    const since = url.searchParams.get('since')
    return ITEMS.filter(i => since === null || i.at >= since)
  })
  const incremental = { by: 'at', param: 'since', until: 'before', overlap: '10s' } as const
  const source = http(service.uri, Item, { incremental })
  assert.equal(source.markName, `http ${service.uri} at`)
  const first = await source.plan({ splitBytes: 1, since: null })
  assert.equal(first.mark, '2026-11-21T10:00:00.000Z')
  assert.equal(await rowsOf(source, first.splits[0] as never), ITEMS.length)
  const later = await source.plan({ splitBytes: 1, since: ITEMS[200]?.at as string })
  assert.equal(await rowsOf(source, later.splits[0] as never), 40)
  const interval = { start: Date.UTC(2026, 0, 2), end: Date.UTC(2026, 0, 3) }
  const { mark } = await source.plan({ splitBytes: 1, interval })
  assert.equal(mark, '2026-01-03T00:00:00.000Z')
  assert.equal(
    service.asked.at(-1)?.url.search,
    '?since=2026-01-01T23%3A59%3A50.000Z&before=2026-01-03T00%3A00%3A00.000Z',
  )
})

test('options and addresses that cannot be right', () => {
  const wrong: [() => unknown, RegExp][] = [
    [() => http('ftp://a/', Item), /no web address/],
    [() => http('https://me:pw@a/', Item), /holds a user or password/],
    [() => http('https://a/?api_key=1', Item), /\*\*\* holds a secret/],
    [() => http('https://a/', Item, { headers: { Authorization: 'Bearer x' } }), /env: 'NAME'/],
    [() => http('https://a/', Item, { query: { token: 'x' } }), /holds a secret/],
    [() => http('https://a/', Item, { timeout: 'soon' }), /option timeout/],
    [() => http('https://a/', Item, { paging: { style: 'x' } as never }), /paging.style/],
    [
      () => http('https://a/', Item, { incremental: { by: 'id' as never, param: 'x' } }),
      /is int32/,
    ],
  ]
  for (const [make, pattern] of wrong)
    assert.throws(make, e => {
      assert.ok(e instanceof Fault && e.kind === 'pipeline')
      assert.match(e.render(), pattern)
      return true
    })
})

test('keys that links leave out, pages without content, values that no header may have', async () => {
  process.env.MILLRACE_TEST_KEY = 'k'
  const service = await started(({ url }, response) => {
    if (url.searchParams.get('key') !== 'k') {
      response.writeHead(401)
      response.end()
      return undefined
    }
    const page = Number(url.searchParams.get('page') ?? 0)
    if (page < 3) return { data: [ITEMS[0]], next: `/x?page=${page + 1}` }
    response.writeHead(204)
    response.end()
    return undefined
  })
  const key = { env: 'MILLRACE_TEST_KEY' }
  const options: ItemOptions = {
    rows: 'data',
    query: { key },
    paging: { style: 'next', path: 'next' },
  }
  // Three pages of the same row are no circle.
  const { rows } = await readAll(http(`${service.uri}/x`, Item, options))
  assert.equal(rows.length, 3)
  process.env.MILLRACE_TEST_KEY = 'k\n'
  const header: ItemOptions = { headers: { 'x-key': key } }
  await fails(http(service.uri, Item, header), 'resource', /MILLRACE_TEST_KEY holds characters/)
  delete process.env.MILLRACE_TEST_KEY
})

test('headers', () => {
  assert.equal(nextOf('<a>; rel=prev, <b,c>; title="x, rel=next"; rel="next"'), 'b,c')
  assert.equal(nextOf('<a>; rel="nexter"'), null)
  assert.equal(nextOf(null), null)
  assert.equal(retryAfterMs('2'), 2000)
  assert.equal(retryAfterMs('Sat, 21 Nov 2026 10:00:05 GMT', Date.UTC(2026, 10, 21, 10)), 5000)
  assert.equal(retryAfterMs('soon'), null)
  assert.equal(retryAfterMs(null), null)
})
