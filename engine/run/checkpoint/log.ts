/**
 * The log of a run that may be resumed: what is done, a record at a time, appended as it happens. A
 * process that dies while it writes leaves half a record at the end, which readers leave out and the
 * next writer cuts off. The file is private (0600): results hold samples of the user's rows.
 *
 * One frame a record, little-endian:
 *
 * | offset | size | meaning                                              |
 * |--------|------|------------------------------------------------------|
 * | 0      | 4    | `MRC1`                                               |
 * | 4      | 4    | bytes of the record, n                               |
 * | 8      | 4    | CRC-32 of the record                                 |
 * | 12     | n    | the record, as `v8.serialize` writes it              |
 *
 * Example: { type: 'stage', … } of 40 bytes takes 52; the next frame follows at once.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import { crc32 } from 'node:zlib'

const MAGIC = 0x3143524d
const HEAD_BYTES = 12

export class LogWriter<R> {
  readonly #fd: number
  #bytes: number

  /** Appends after the first `bytes` bytes of the file; what follows them is cut off. */
  constructor(path: string, bytes: number) {
    this.#fd = openSync(path, bytes === 0 ? 'wx' : 'r+', 0o600)
    ftruncateSync(this.#fd, bytes)
    this.#bytes = bytes
  }

  /** Throws what the system says: the disk is full or fails. Half a record may stand then. */
  append(record: R): void {
    const body = serialize(record)
    const frame = Buffer.allocUnsafe(HEAD_BYTES + body.length)
    frame.writeUInt32LE(MAGIC, 0)
    frame.writeUInt32LE(body.length, 4)
    frame.writeUInt32LE(crc32(body), 8)
    body.copy(frame, HEAD_BYTES)
    for (let done = 0; done < frame.length; )
      done += writeSync(this.#fd, frame, done, frame.length - done, this.#bytes + done)
    this.#bytes += frame.length
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** The whole records of a log, and how many bytes they take. Throws what the system says. */
export function readLog<R>(path: string): { readonly records: R[]; readonly bytes: number } {
  const file = readFileSync(path)
  const records: R[] = []
  let at = 0
  while (at + HEAD_BYTES <= file.length && file.readUInt32LE(at) === MAGIC) {
    const end = at + HEAD_BYTES + file.readUInt32LE(at + 4)
    const body = file.subarray(at + HEAD_BYTES, end)
    if (end > file.length || crc32(body) !== file.readUInt32LE(at + 8)) break
    records.push(deserialize(body) as R)
    at = end
  }
  return { records, bytes: at }
}
