/**
 * The messages that a client sends in a wire protocol, as far as a fault needs them: where one begins,
 * how long it is, and its words (`insert`, `query COMMIT`). Bytes are passed on as they come.
 *
 * MongoDB: int32 length, request id, answered id, opcode; OP_MSG: int32 flags, byte kind, then a BSON
 * document whose first element's name is the command. Postgres: a first message of int32 length and
 * int32 code; then a type byte and int32 length, which counts itself.
 */
export interface Piece {
  readonly bytes: Buffer
  /** The words of the message that begins with these bytes; null where they go on with one. */
  readonly what: string | null
}
/** Takes what has arrived; gives what may be passed on. The start of a message is held until it has words. */
export type Framer = (arrived: Buffer) => Piece[]

interface Protocol {
  /** Bytes of the message that begins here; null where more must arrive to tell. */
  length(head: Buffer): number | null
  /** Bytes from which its words can be told. */
  readonly headBytes: number
  words(head: Buffer): string
}

function framerOf(protocol: Protocol): Framer {
  let left = 0
  let held: Buffer = Buffer.alloc(0)
  return arrived => {
    const pieces: Piece[] = []
    held = held.length > 0 ? Buffer.concat([held, arrived]) : arrived
    while (held.length > 0) {
      if (left > 0) {
        const bytes = held.subarray(0, left)
        left -= bytes.length
        held = held.subarray(bytes.length)
        pieces.push({ bytes, what: null })
        continue
      }
      const length = protocol.length(held)
      if (length === null || held.length < Math.min(length, protocol.headBytes)) break
      const bytes = held.subarray(0, length)
      pieces.push({ bytes, what: protocol.words(bytes) })
      left = length - bytes.length
      held = held.subarray(bytes.length)
    }
    return pieces
  }
}

const OP_MSG = 2013
const OP_QUERY = 2004

export const mongoFramer = (): Framer =>
  framerOf({
    headBytes: 96,
    length: head => (head.length < 4 ? null : Math.max(16, head.readInt32LE(0))),
    words: head => {
      const code = head.readInt32LE(12)
      if (code === OP_QUERY) return 'hello'
      if (code !== OP_MSG || head.length < 28 || head[20] !== 0) return `opcode ${code}`
      return head.toString('latin1', 26, head.indexOf(0, 26))
    },
  })

const TYPES: Readonly<Record<string, string>> = {
  Q: 'query',
  P: 'parse',
  B: 'bind',
  D: 'describe',
  E: 'execute',
  S: 'sync',
  H: 'flush',
  C: 'close',
  d: 'copy-data',
  c: 'copy-done',
  f: 'copy-fail',
  p: 'password',
  X: 'terminate',
}
const SSL_REQUEST = 80877103
const CANCEL = 80877102

export function postgresFramer(): Framer {
  let started = false
  return framerOf({
    headBytes: 64,
    length: head => {
      if (head.length < 8) return started && head.length >= 5 ? head.readInt32BE(1) + 1 : null
      return started ? head.readInt32BE(1) + 1 : head.readInt32BE(0)
    },
    words: head => {
      if (started) return wordsOf(head)
      const code = head.readInt32BE(4)
      if (code === SSL_REQUEST) return 'ssl'
      started = true
      return code === CANCEL ? 'cancel' : 'startup'
    },
  })
}

/** The type's name, and of a statement the first two words. */
function wordsOf(head: Buffer): string {
  const type = String.fromCharCode(head[0]!)
  const name = TYPES[type] ?? type
  if (type !== 'Q' && type !== 'P') return name
  // A parse begins with the statement's name.
  const from = type === 'Q' ? 5 : head.indexOf(0, 5) + 1
  const text = head.toString('latin1', from).replace(/\0.*$/s, '')
  return `${name} ${text.trim().split(/\s+/).slice(0, 2).join(' ')}`
}
