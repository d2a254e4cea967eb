/**
 * `COPY … FROM STDIN (FORMAT binary)`: chunks go straight to the connection, as fast as the server takes
 * them. Where it fails, the server has none of the rows.
 */
import type { Socket } from 'node:net'
import type { Connection, Submittable } from 'pg'
import { Fault } from '../../../engine/fault.ts'
import type { Session } from './session.ts'

const STALL_MS = 300_000
const DATA = 0x64

export class CopyIn implements Submittable {
  readonly text: string
  readonly #stallMs: number
  #connection: (Connection & { stream: Socket }) | null = null
  #open = false
  #done = false
  #failure: unknown = null
  #wake: (() => void) | null = null

  constructor(text: string, stallMs = STALL_MS) {
    this.text = text
    this.#stallMs = stallMs
  }

  submit(connection: Connection): void {
    this.#connection = connection as Connection & { stream: Socket }
    connection.query(this.text)
  }

  /** Rejects with what the server or the socket said. */
  async send(chunk: Buffer): Promise<void> {
    await this.#until(() => this.#open)
    const { stream } = this.#connection as { stream: Socket }
    const head = Buffer.allocUnsafe(5)
    head[0] = DATA
    head.writeInt32BE(chunk.length + 4, 1)
    stream.cork()
    stream.write(head)
    const room = stream.write(chunk)
    stream.uncork()
    if (room) return
    const wake = () => this.#wake?.()
    stream.once('drain', wake)
    try {
      await this.#until(() => !stream.writableNeedDrain)
    } finally {
      stream.removeListener('drain', wake)
    }
  }

  /** All was sent: waits until the rows are there. */
  async end(): Promise<void> {
    await this.#until(() => this.#open)
    ;(this.#connection as unknown as { endCopyFrom(): void }).endCopyFrom()
    await this.#until(() => this.#done)
  }

  /** Gives up: the server keeps none of the rows. Afterwards the connection is free. */
  async abort(reason: string): Promise<void> {
    try {
      await this.#until(() => this.#open)
      ;(this.#connection as unknown as { sendCopyFail(text: string): void }).sendCopyFail(reason)
      await this.#until(() => this.#done)
    } catch {
      // The server says that the copy failed, as it was told to; or what is wrong is known already.
    }
  }

  async #until(ready: () => boolean): Promise<void> {
    while (!ready()) {
      if (this.#failure !== null) throw this.#failure
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>(resolve => {
        this.#wake = resolve
        timer = setTimeout(() => {
          const what = `the server took no row for ${this.#stallMs / 1000} s`
          this.#failure ??= new Fault('resource', what)
          resolve()
        }, this.#stallMs)
      })
      clearTimeout(timer)
      this.#wake = null
    }
    if (this.#failure !== null) throw this.#failure
  }

  // What the client library calls.
  handleCopyInResponse(): void {
    this.#open = true
    this.#wake?.()
  }
  handleError(error: unknown): void {
    this.#failure ??= error
    this.#wake?.()
  }
  handleReadyForQuery(): void {
    this.#done = true
    this.#wake?.()
  }
  handleCommandComplete(): void {}
}

/** Copies what `write` sends. Throws what it throws, or the server's answer as a fault about `what`. */
export async function copyIn(
  session: Session,
  { sql, what }: { sql: string; what: string },
  write: (send: (chunk: Buffer) => Promise<void>) => Promise<void>,
): Promise<void> {
  const copy = session.submit(new CopyIn(sql))
  try {
    await write(chunk => copy.send(chunk))
    await copy.end()
  } catch (error) {
    await copy.abort('the rows could not be read')
    throw session.fault(error, { what })
  }
}
