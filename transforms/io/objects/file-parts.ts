/** A local file on its way to a store: its checksum, and its bytes in chunks that memory has room for. */
import { createReadStream } from 'node:fs'
import { extname } from 'node:path'
import { diskFault } from '../../../engine/io/disk.ts'
import { crc32c } from './crc32c.ts'

const CHUNK = 256 << 10

export interface FilePart {
  readonly path: string
  readonly start: number
  /** The byte after the last. */
  readonly end: number
}

/** Bytes [start, end). `sent` is called before each chunk is handed on. Throws resource: it cannot be read, or is shorter. */
export async function* bytesOf(part: FilePart, sent: () => void = () => {}) {
  const { path, start, end } = part
  if (start === end) return
  const stream = createReadStream(path, { start, end: end - 1, highWaterMark: CHUNK })
  let at = start
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      at += chunk.length
      sent()
      yield chunk
    }
    if (at < end) throw new Error(`it ended after ${at} of ${end} bytes`)
  } catch (error) {
    throw diskFault(error, path, 'read')
  } finally {
    stream.destroy()
  }
}

/** CRC-32C of a part, read once; the file was just written, so the system has it in memory. */
export async function checksumOf(part: FilePart): Promise<number> {
  let crc = 0
  for await (const chunk of bytesOf(part)) crc = crc32c(chunk, crc)
  return crc
}

const TYPES: Readonly<Record<string, string>> = {
  '.parquet': 'application/vnd.apache.parquet',
  '.csv': 'text/csv; charset=utf-8',
  '.ndjson': 'application/x-ndjson',
  '.json': 'application/json',
  '.gz': 'application/gzip',
  '.zst': 'application/zstd',
}

/** What readers are told of an object: by its name. */
export const typeOf = (name: string): string => TYPES[extname(name)] ?? 'application/octet-stream'
