/**
 * A small paged JSON service, for the cases of `http`: rows by `offset` and `limit` with their total, or
 * page after page by an address that each page has of the next one. Of three pages in turn one has its
 * length told, one comes in chunks, one is gzipped. `GET /open` lists requests whose answers are neither
 * sent nor given up.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { listen } from '../fault-proxy/proxy.ts'
import type { Service } from '../server.ts'
import { orders } from './rows.ts'

export const PAGED_ROWS = 8000
export const PAGE_ROWS = 200

export async function startPages(): Promise<Service> {
  const rows = orders(0, PAGED_ROWS).map(row => ({ ...row, amount: Number(row.amount) }))
  const open = new Set<string>()
  const server = createServer((request, response) => {
    const what = `${request.method} ${request.url}`
    if (what === 'GET /open') return void response.end(JSON.stringify([...open]))
    open.add(what)
    response.once('close', () => open.delete(what))
    answer(rows, request, response)
  })
  const { port, stop, log } = await listen(server)
  return { name: 'pages', uri: `http://127.0.0.1:${port}`, port, env: {}, folder: '', stop, log }
}

function answer(rows: readonly object[], request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://pages')
  const limit = Math.min(PAGE_ROWS, Number(url.searchParams.get('limit') ?? PAGE_ROWS))
  const from = Number(url.searchParams.get('offset') ?? url.searchParams.get('after') ?? 0)
  const items = rows.slice(from, from + limit)
  const to = from + items.length
  // Relative: it leads through whatever stands before this server.
  const next = to < rows.length ? `${url.pathname}?after=${to}` : null
  send(response, { meta: { total: rows.length, next }, data: { items } }, from / PAGE_ROWS)
}

function send(response: ServerResponse, page: object, number: number): void {
  const body = Buffer.from(JSON.stringify(page))
  response.setHeader('content-type', 'application/json')
  if (number % 3 === 0) response.setHeader('content-length', body.length)
  if (number % 3 !== 2) return void response.end(body)
  response.setHeader('content-encoding', 'gzip')
  response.end(gzipSync(body))
}
