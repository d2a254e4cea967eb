/** What a started server is to a test, and the shape that each file of `servers` has. */
import { connect } from 'node:net'

/** Options of `start`. */
export interface StartOptions {
  /** A running fake-gcs-server, for 'bigquery', which loads from its objects. Its own where absent. */
  readonly gcs?: Service
}

export interface Service {
  readonly name: string
  /** How it is reached: http://…, mongodb://…, postgres://… */
  readonly uri: string
  readonly port: number
  /** Of the process that it is a child of; absent where it runs in this one, as proxies do. */
  readonly pid?: number
  /** Environment variables that point the official clients, and the connectors, at it. */
  readonly env: Readonly<Record<string, string>>
  /** Where it keeps its data. */
  readonly folder: string
  /** Ends it and removes its folder. Again and again does no harm. */
  stop(): Promise<void>
  /** The last part of what it has printed. */
  log(): string
}

/** Whether something accepts connections on a port of the loopback interface. */
export function accepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ port, host: '127.0.0.1' })
  const end = (answer: boolean) => {
    socket.destroy()
    resolve(answer)
  }
  socket.once('connect', () => end(true)).once('error', () => end(false))
  return promise
}

/** Whether an HTTP server answers with success. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) })
  await response.arrayBuffer()
  return response.ok
}
