/**
 * A proxy with seeded faults in front of a server: looks like the server (its URI and environment point
 * through the proxy), and tells what it did. It keeps no process from ending.
 *
 *     const proxy = await faultProxy(await serverOf('s3'), { seed: 7 })
 *     // … proxy.uri, proxy.env …
 *     assert.deepEqual(rows, expected, `${proxy.schedule}`)
 */
import type { Server, Socket } from 'node:net'
import type { Service } from '../server.ts'
import { type Framer, mongoFramer, postgresFramer } from './frames.ts'
import { httpProxy } from './http.ts'
import type { Dialect } from './refusals.ts'
import { type FaultOptions, HTTP_KINDS, type Schedule, scheduleOf, TCP_KINDS } from './schedule.ts'
import { tcpProxy } from './tcp.ts'

export interface FaultProxy extends Service {
  readonly schedule: Schedule
  /** Connections that clients have open to it. */
  readonly connections: number
  /** Bytes that clients were sent, headers included. */
  readonly sentBytes: number
}

const FRAMERS: Readonly<Record<string, () => Framer>> = {
  mongo: mongoFramer,
  postgres: postgresFramer,
}
const DIALECTS: Readonly<Record<string, Dialect>> = { gcs: 'gcs', s3: 's3', bigquery: 'bigquery' }

/** Starts it on a free port. `stop` ends the proxy alone, with its connections. */
export async function faultProxy(
  service: Pick<Service, 'name' | 'uri' | 'port' | 'env' | 'folder'>,
  options: FaultOptions,
): Promise<FaultProxy> {
  const framer = FRAMERS[service.name]
  const schedule = scheduleOf(options, framer ? TCP_KINDS : HTTP_KINDS)
  const dialect = DIALECTS[service.name] ?? 'http'
  const proxy = { target: service, options, schedule, dialect }
  const server = framer ? tcpProxy({ ...proxy, framer }) : httpProxy(proxy)
  const listening = await listen(server)
  const { sockets, sentBytes, ...ending } = listening
  const pointed = pointedAt(service, listening.port)
  return {
    ...pointed,
    ...ending,
    schedule,
    get connections() {
      return sockets.size
    },
    get sentBytes() {
      return sentBytes()
    },
  }
}

/** The same service under another port of the same address. */
export function pointedAt<S extends Pick<Service, 'uri' | 'port' | 'env'>>(
  service: S,
  port: number,
): S {
  const moved = (text: string) => text.replaceAll(`127.0.0.1:${service.port}`, `127.0.0.1:${port}`)
  const env = Object.entries(service.env).map(([name, value]) => [
    name,
    name === 'PGPORT' ? `${port}` : moved(value),
  ])
  return { ...service, uri: moved(service.uri), port, env: Object.fromEntries(env) }
}

/** Listens on a free port of the loopback interface, and stops with all its connections. */
export async function listen(server: Server) {
  const sockets = new Set<Socket>()
  let ended = 0
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => {
      sockets.delete(socket)
      ended += socket.bytesWritten
    })
    socket.unref()
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(0, '127.0.0.1', resolve)
  await promise
  server.unref()
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const stop = async () => {
    if (!server.listening) return
    const closed = new Promise(done => server.close(done))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  const sentBytes = () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, ended)
  return { port: address.port, stop, log: () => '', sockets, sentBytes }
}
