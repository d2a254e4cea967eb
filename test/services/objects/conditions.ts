/**
 * A proxy before fake-gcs-server that does what the real service's reference says of conditions, where
 * the server ignores them: `ifGenerationMatch` of copies (rewriteTo) and deletes. Requests about one
 * object come after one another here, so a condition holds until its request is done.
 */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Sees each request before it goes on; false: it is dropped, and its connection with it. */
export type Watch = (request: { readonly method: string; readonly url: string }) => boolean

/** Answers the URI of the proxy, which ends with the process. */
export async function conditionsBefore(uri: string, watch: Watch = () => true): Promise<string> {
  const { hostname, port } = new URL(uri)
  const order = new Map<string, Promise<void>>()
  const server = createServer((asked, answer) => {
    const { method = '', url = '' } = asked
    if (!watch({ method, url })) return void answer.destroy()
    const target = conditional(asked)
    if (target === null) return void forwarded({ hostname, port }, asked, answer)
    const turn = (order.get(target.path) ?? Promise.resolve()).then(async () => {
      const standing = await generationOf(uri, target.path)
      if (standing === target.wanted) await forwarded({ hostname, port }, asked, answer)
      else refuse(answer)
    })
    order.set(
      target.path,
      turn.catch(error => void answer.destroy(error)),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Which object a condition is about, and its generation; '0': none. */
function conditional({ method, url = '' }: IncomingMessage) {
  const { pathname, searchParams } = new URL(url, 'http://here')
  const wanted = searchParams.get('ifGenerationMatch')
  if (wanted === null || pathname.startsWith('/upload/')) return null
  const copied = /\/rewriteTo(\/b\/[^/]+\/o\/[^/]+)$/.exec(pathname)?.[1]
  const removed = method === 'DELETE' ? pathname.replace('/storage/v1', '') : null
  const path = copied ?? removed
  return path === null ? null : { path, wanted }
}

async function generationOf(uri: string, path: string): Promise<string> {
  const answer = await fetch(`${uri}/storage/v1${path}`)
  const { generation } = (await answer.json()) as { generation?: string }
  return answer.ok ? (generation ?? '0') : '0'
}

function refuse(answer: ServerResponse): void {
  const error = { code: 412, message: 'conditionNotMet', errors: [{ reason: 'conditionNotMet' }] }
  answer.writeHead(412, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
}

function forwarded(
  to: { hostname: string; port: string },
  asked: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  return new Promise(resolve => {
    const { method, url: path, headers } = asked
    const sent = request({ ...to, method, path, headers }, got => {
      answer.writeHead(got.statusCode ?? 502, got.headers)
      got.pipe(answer)
      got.on('close', resolve)
    })
    sent.on('error', error => {
      answer.destroy(error)
      resolve()
    })
    asked.pipe(sent)
    asked.on('close', () => void (asked.complete || sent.destroy()))
  })
}
