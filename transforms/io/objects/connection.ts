/**
 * One connection of HTTP/1.1 that asks for bytes. What it was built for: the system writes an answer's
 * body where it is wanted, without a buffer or a copy between. Node's own client makes a buffer outside
 * of V8's heap of every part of a body, and V8 collects its whole heap for them. An answer that is not
 * what was asked for, whatever it is, goes to Node's client as it came (`rest`).
 */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { broken, failure } from './broken.ts'
import { connected, type Origin } from './connect.ts'
import { type Head, headIn, mayBeHead } from './head.ts'

/** What an answer should be, and where its bytes go. */
export interface Wanted {
  readonly into: Uint8Array
  /** Whether an answer with this head, of as many bytes as are wanted, is the one. */
  accepts(head: Head): boolean
  /** So many more bytes are there. */
  arrived(bytes: number): void
  /** A body may be silent for so long. */
  readonly silentMs: number
}

/** `filled` ends with the body; `rest`: another answer, with its head. */
export type Answer =
  | { readonly head: Head; readonly filled: Promise<void> }
  | { readonly rest: Duplex }

/** Who keeps connections that are idle. */
export interface Keeper {
  /** Another request may be sent. */
  freed(connection: Connection): void
  closed(connection: Connection): void
}

/** Of an answer's head, and of what comes with it. */
const ROOM_BYTES = 16 << 10
const HEAD_BYTES_MAX = 64 << 10
/** Read at once: what lies in the processor's cache when it is looked at. */
const READ_BYTES = 256 << 10
/** Before the services close it. */
const IDLE_MS = 4000

interface Exchange {
  readonly wanted: Wanted
  readonly answer: PromiseWithResolvers<Answer>
  readonly filled: PromiseWithResolvers<void>
  /** Null until the head is there. */
  head: Head | null
  count: number
}

export class Connection {
  readonly #socket: Socket
  readonly #room = Buffer.allocUnsafeSlow(ROOM_BYTES)
  /** Of a head that has not come whole. */
  #begun = Buffer.alloc(0)
  #exchange: Exchange | null = null
  #rest: Duplex | null = null
  #error: Error | null = null
  readonly #keeper: Keeper

  constructor(origin: Origin, keeper: Keeper) {
    this.#keeper = keeper
    const socket = connected(origin, {
      buffer: () => this.#space(),
      callback: (count, bytes) => this.#take(count, bytes),
    })
    socket.on('error', error => {
      this.#error ??= error
    })
    socket.on('timeout', () => this.#silent())
    socket.on('end', () => this.#rest?.push(null))
    socket.on('close', () => this.#closed())
    this.#socket = socket
  }

  get open(): boolean {
    return !this.#socket.destroyed && this.#socket.writable
  }

  /** Throws the network's errors. `text`: a request without a body. */
  ask(text: string, wanted: Wanted): Promise<Answer> {
    const [answer, filled] = [Promise.withResolvers<Answer>(), Promise.withResolvers<void>()]
    // Whoever has the answer waits for it.
    filled.promise.catch(() => {})
    this.#exchange = { wanted, answer, filled, head: null, count: 0 }
    // Until there is an answer the caller has a limit.
    this.#socket.setTimeout(0)
    this.#socket.ref()
    this.#socket.write(text, 'latin1')
    return answer.promise
  }

  /** Ends it, and what is under way with `error`, once no more bytes can come. */
  end(error: Error | null = null): void {
    this.#error ??= error
    this.#socket.destroy()
  }

  /** Where the next bytes go. */
  #space(): Uint8Array {
    if (!this.#exchange?.head) return this.#room
    const { wanted, count } = this.#exchange
    return wanted.into.subarray(count, count + READ_BYTES)
  }

  /** False: no more until they are asked for. */
  #take(count: number, bytes: Uint8Array): boolean {
    const exchange = this.#exchange
    if (this.#rest) return this.#rest.push(Buffer.from(bytes.subarray(0, count)))
    // Nobody asked for them.
    if (exchange === null) this.end()
    else if (exchange.head) this.#count(exchange, count)
    else this.#begin(exchange, bytes.subarray(0, count))
    return true
  }

  #begin(exchange: Exchange, bytes: Uint8Array): void {
    this.#begun = Buffer.concat([this.#begun, bytes])
    const head = headIn(this.#begun)
    if (head === null) {
      if (!mayBeHead(this.#begun)) this.#hand(exchange)
      else if (this.#begun.length > HEAD_BYTES_MAX)
        this.end(failure('HPE_HEADER_OVERFLOW', 'the head of an answer is too long'))
      return
    }
    const { wanted, answer, filled } = exchange
    const body = this.#begun.subarray(head.bytes)
    const { length } = wanted.into
    if (head.bodyBytes !== length || body.length > length || !wanted.accepts(head)) {
      this.#hand(exchange)
      return
    }
    this.#begun = Buffer.alloc(0)
    exchange.head = head
    this.#socket.setTimeout(wanted.silentMs)
    wanted.into.set(body)
    answer.resolve({ head, filled: filled.promise })
    this.#count(exchange, body.length)
  }

  #count(exchange: Exchange, bytes: number): void {
    const { wanted, filled, head } = exchange
    exchange.count += bytes
    if (bytes > 0) wanted.arrived(bytes)
    if (exchange.count < wanted.into.length) return
    this.#exchange = null
    if (head?.stays) {
      this.#socket.setTimeout(IDLE_MS)
      // An idle one keeps no process.
      this.#socket.unref()
      this.#keeper.freed(this)
    } else this.end()
    filled.resolve()
  }

  /** The answer as it came, to be read by another. */
  #hand({ answer, wanted }: Exchange): void {
    const socket = this.#socket
    const rest = new Duplex({
      read: () => void socket.resume(),
      // A request, which was sent already.
      write: (_bytes, _encoding, done) => done(),
      destroy: (error, done) => {
        this.end(error)
        done(error)
      },
    })
    socket.setTimeout(wanted.silentMs)
    this.#exchange = null
    this.#rest = rest
    rest.push(this.#begun)
    answer.resolve({ rest })
  }

  #silent(): void {
    const socket = this.#socket
    if (this.#exchange === null && this.#rest === null) {
      this.end()
      return
    }
    const { bytesRead } = socket
    // A thread that was busy itself looks first at what came meanwhile.
    setImmediate(() => {
      if (socket.bytesRead === bytesRead)
        this.end(broken(`no byte came for ${(socket.timeout ?? 0) / 1000} s`))
    })
  }

  #closed(): void {
    const error = this.#error ?? failure('ECONNRESET', 'socket hang up')
    const exchange = this.#exchange
    this.#exchange = null
    exchange?.answer.reject(error)
    exchange?.filled.reject(error)
    // Of one that ended in order there may be bytes to be read.
    if (this.#error || !this.#socket.readableEnded) this.#rest?.destroy(error)
    this.#keeper.closed(this)
  }
}
