/** A proxy that shows a test each request before it goes on to the server, and drops those that it says. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** False: the request is dropped, and its connection with it. */
export type Watch = (request: { readonly method: string; readonly url: string }) => boolean

export interface Held {
  /** By how long a request is held back before it goes on. */
  readonly holdMs: (request: { readonly method: string; readonly url: string }) => number
  /** Most requests that were held at once. */
  most: number
}

/** Answers the proxy's URI; it keeps no process from ending. */
export async function watching(uri: string, watch: Watch, held?: Held): Promise<string> {
  const { hostname, port } = new URL(uri)
  let waiting = 0
  const server = createServer((asked, answer) => {
    const { method = '', url = '' } = asked
    if (!watch({ method, url })) return void answer.destroy()
    const holdMs = held?.holdMs({ method, url }) ?? 0
    if (held === undefined || holdMs === 0) return forward({ hostname, port }, asked, answer)
    held.most = Math.max(held.most, ++waiting)
    setTimeout(() => {
      waiting--
      forward({ hostname, port }, asked, answer)
    }, holdMs)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** With the client's own Host, which signatures cover. */
function forward(
  to: { hostname: string; port: string },
  asked: IncomingMessage,
  answer: ServerResponse,
): void {
  const { method, url: path, headers } = asked
  const sent = request({ ...to, method, path, headers }, got => {
    answer.writeHead(got.statusCode ?? 502, got.headers)
    got.pipe(answer)
  })
  sent.on('error', error => void answer.destroy(error))
  asked.pipe(sent)
  asked.on('close', () => void (asked.complete || sent.destroy()))
}
