/**
 * The proxy for wire protocols over TCP (MongoDB, Postgres): passes bytes on, and injects faults at the
 * messages that the client sends, as the schedule says. Heartbeats and farewells are left alone.
 */
import { connect, createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { Framer, Piece } from './frames.ts'
import type { Fault, FaultOptions, Schedule } from './schedule.ts'

export interface TcpProxy {
  readonly target: { readonly port: number }
  readonly options: FaultOptions
  readonly schedule: Schedule
  readonly framer: () => Framer
}

/** Messages that get no fault: heartbeats, farewells, and the parts that always come with another. */
const SPARED =
  /^(?:hello|isMaster|ismaster|endSessions|ssl|cancel|terminate|bind|describe|sync|flush|close)$/
/** Messages of copied data between two that may get a fault. */
const COPY_EVERY = 32
/** Where an answer is cut, at most. */
const CUT_BYTES_MAX = 64 * 1024
const RESET_MS = 20

/** A server that is not listening yet. */
export function tcpProxy(proxy: TcpProxy) {
  return createServer({ noDelay: true }, client => {
    const upstream = connect({ host: '127.0.0.1', port: proxy.target.port, noDelay: true })
    const link = new Link(proxy, client, upstream)
    link.run()
  })
}

/** One client's connection and its fault, if one is at work. */
class Link {
  readonly #proxy: TcpProxy
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #frames: Framer
  #fault: Fault | null = null
  /** Bytes of the answer that may still pass. */
  #answerLeft = Infinity
  /** Whether a part of the answer came since the fault was drawn. */
  #answered = false
  #copied = 0
  #cut = false
  constructor(proxy: TcpProxy, client: Socket, upstream: Socket) {
    this.#proxy = proxy
    this.#client = client
    this.#upstream = upstream
    this.#frames = proxy.framer()
  }
  run(): void {
    // What ends one side ends the other too; the error of a reset is no news to anybody.
    pipeline(this.#client, this.#requests.bind(this), this.#upstream).catch(() => {})
    pipeline(this.#upstream, this.#answers.bind(this), this.#client).catch(() => {})
  }
  async *#requests(arriving: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const arrived of arriving)
      for (const piece of this.#frames(arrived)) {
        if (piece.what !== null) this.#begin(piece)
        if (this.#cut) continue
        if (this.#fault?.kind === 'reset-request' && piece.what !== null) {
          yield piece.bytes.subarray(0, Math.floor(piece.bytes.length * this.#fault.fraction))
          this.#end()
        } else yield piece.bytes
      }
  }
  /** A message begins: it may get a fault, and ends one that waited for more of the answer before. */
  #begin({ what }: Piece): void {
    if (what === null || this.#cut || SPARED.test(what)) return
    if (this.#fault && this.#fault.kind !== 'slow') {
      if (this.#answerLeft < Infinity && this.#answered) this.#end()
      return
    }
    if (what === 'copy-data' && this.#copied++ % COPY_EVERY !== COPY_EVERY - 1) return
    const fault = this.#proxy.schedule.next(what)
    if (!fault) return
    this.#fault = fault
    this.#answered = false
    if (fault.kind === 'reset-answer' || fault.kind === 'truncated')
      this.#answerLeft = Math.floor(CUT_BYTES_MAX ** fault.fraction)
    if (fault.kind === 'stall') this.#stall()
  }
  async *#answers(arriving: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const arrived of arriving) {
      const kind = this.#fault?.kind
      this.#answered = true
      if (kind === 'answer-lost') this.#end()
      if (this.#cut || kind === 'answer-lost' || kind === 'stall') continue
      if (kind === 'slow') await this.#late()
      if (arrived.length < this.#answerLeft) {
        this.#answerLeft -= arrived.length
        yield arrived
        continue
      }
      yield arrived.subarray(0, this.#answerLeft)
      this.#answerLeft = 0
      this.#end()
    }
  }
  /** Only this answer's first bytes are late. */
  async #late(): Promise<void> {
    this.#fault = null
    await new Promise(resolve => setTimeout(resolve, this.#proxy.options.slowMs ?? 300))
  }
  #stall(): void {
    const timer = setTimeout(() => this.#end(), this.#proxy.options.stallMs ?? 1000)
    this.#client.once('close', () => clearTimeout(timer))
  }
  /** Cuts the connection as the fault says. What was passed on has a moment to arrive. */
  #end(): void {
    if (this.#cut) return
    this.#cut = true
    const lost = this.#fault?.kind === 'answer-lost'
    const inOrder = this.#fault?.kind === 'truncated'
    const cut = () => (inOrder ? this.#client.destroySoon() : this.#client.resetAndDestroy())
    if (lost) cut()
    else setTimeout(cut, RESET_MS)
  }
}
