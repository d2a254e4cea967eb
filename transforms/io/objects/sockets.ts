/**
 * Agents of Node's HTTP clients whose sockets read into one buffer each. By default every read has a
 * buffer of its own, outside of V8's heap, which counts it and collects the whole heap for it: 177 MB
 * took 21 such collections in two threads, where the same rows from disk took 5. The parser copies a
 * body's parts out of what it is given, so that none of them lies in a socket's buffer; `isOwn` tells.
 */
import type { Agent, AgentOptions } from 'node:http'
import type { Socket } from 'node:net'

/** 64 KB took a sixteenth more of a run's CPU. */
const READ_BYTES = 256 << 10

const rooms = new WeakSet<ArrayBufferLike>()

/** Whether bytes are their holder's to keep, not a socket's to write over. */
export const isOwn = ({ buffer }: Uint8Array): boolean => !rooms.has(buffer)

type Connect = (options: object, created?: (error: Error | null, socket: Socket) => void) => Socket

/** Cost  256 KB a socket */
export function agentOf(protocol: 'http:' | 'https:', options: AgentOptions): Agent {
  // An `import` of node:http reads all that it exports, its WebSocket too, which loads undici: 70 ms of
  // CPU in each thread, where this takes 7.
  const module =
    protocol === 'https:'
      ? process.getBuiltinModule('node:https')
      : process.getBuiltinModule('node:http')
  const agent = new module.Agent(options) as Agent & { createConnection: Connect }
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (to, created) => connect({ ...to, onread: intoRoom() }, created)
  return agent
}

function intoRoom() {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  rooms.add(buffer.buffer)
  return {
    buffer,
    /** To the client's parser, which listens to the socket's data. */
    callback(this: Socket, count: number, room: Uint8Array): boolean {
      this.emit('data', room.subarray(0, count))
      return true
    },
  }
}
