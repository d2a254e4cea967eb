/** A socket to an origin, plain or over TLS, whose bytes go where its user says. */
import type { Socket } from 'node:net'

/** Where a request goes. */
export interface Origin {
  readonly secure: boolean
  /** An address of IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

/** What Node's sockets take as `onread`. */
interface Reading {
  /** Where the next bytes go. */
  buffer(): Uint8Array
  /** So many are there. False: no more until the socket is resumed. */
  callback(count: number, bytes: Uint8Array): boolean
}

/** Node's modules are not imported: reading all that node:http exports takes 70 ms of CPU a thread. */
export function connected({ secure, host, port }: Origin, onread: Reading): Socket {
  const { isIP, connect } = process.getBuiltinModule('node:net')
  const to = { host, port, onread, noDelay: true }
  if (!secure) return connect(to)
  const servername = isIP(host) ? '' : host
  const { connect: connectSafely } = process.getBuiltinModule('node:tls')
  return connectSafely({ ...to, servername, ALPNProtocols: ['http/1.1'] })
}
