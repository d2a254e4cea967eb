/**
 * The pages of one column chunk, compressed as they fill and held until their row group ends: a
 * dictionary page has to stand before them, and is known last.
 */
import { constants, crc32, zstdCompressSync } from 'node:zlib'
import { Bytes } from './bytes.ts'
import { ENCODING, PAGE } from './format.ts'
import { bitsFor, writeHybrid } from './hybrid-write.ts'
import { ThriftWriter } from './thrift-write.ts'

/** Level 1 is no faster on pages of this size (0.5 ms per 512 KB either way), and never smaller. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 3 } }
/** Into one buffer of the size it can take at most: the default, 16 KB at a time, is garbage by the gigabyte. */
export const compress = (raw: Uint8Array): Buffer =>
  zstdCompressSync(raw, { ...ZSTD, chunkSize: raw.length + (raw.length >> 8) + 128 })

/** Below this a compressor costs more than a better choice of encoding would save. */
const TRIAL_BYTES_MIN = 4096

/** Rows of a chunk's first page that decide: to try all of them took half of a chunk's time. */
export const SAMPLE_ROWS = 1 << 14

/** What bytes would take compressed, for choosing between encodings. */
export const packedSize = (raw: Uint8Array): number =>
  raw.length < TRIAL_BYTES_MIN ? raw.length : compress(raw).length

let levelCodes = new Int32Array(1024)

/** Levels of a data page v1: their length in bytes, then each from 0 to `max`; `all`: each is `max`. */
export function writeLevels(
  body: Bytes,
  levels: Uint8Array,
  count: number,
  { max, all }: { max: number; all: boolean },
): void {
  body.u32(0)
  const start = body.size
  if (all) {
    body.varint(count * 2)
    body.u8(max)
  } else {
    if (levelCodes.length < count) levelCodes = new Int32Array(count)
    for (let i = 0; i < count; i++) levelCodes[i] = levels[i] as number
    writeHybrid(body, levelCodes, count, bitsFor(max))
  }
  body.buffer.writeUInt32LE(body.size - start, start - 4)
}

export class ChunkPages {
  /** Headers and compressed bodies, one after the other. */
  readonly data = new Bytes(256)
  readonly encodings = new Set<number>([ENCODING.RLE])
  rawBytes = 0

  clear(): void {
    this.data.clear()
    this.encodings.clear()
    this.encodings.add(ENCODING.RLE)
    this.rawBytes = 0
  }

  /** A data page (version 1, which every reader knows). */
  add(body: Uint8Array, rows: number, encoding: number): void {
    this.encodings.add(encoding)
    this.rawBytes += writePage(this.data, body, PAGE.DATA, { values: rows, encoding })
  }

  /** The dictionary page. */
  dictionary(body: Uint8Array, entries: number): Buffer {
    this.encodings.add(ENCODING.PLAIN)
    const out = new Bytes(body.length + 64)
    const facts = { values: entries, encoding: ENCODING.PLAIN }
    this.rawBytes += writePage(out, body, PAGE.DICTIONARY, facts)
    return out.view()
  }
}

interface PageFacts {
  readonly values: number
  readonly encoding: number
}

/** Answers what the page would take uncompressed, its header included. */
function writePage(out: Bytes, body: Uint8Array, type: number, facts: PageFacts): number {
  const packed = compress(body)
  const start = out.size
  const w = new ThriftWriter(out)
  w.open()
  w.i32(1, type)
  w.i32(2, body.length)
  w.i32(3, packed.length)
  // Of the body as stored: a flipped bit is found, where zstd would often make other values of it.
  w.i32(4, crc32(packed) | 0)
  w.open(type === PAGE.DATA ? 5 : 7)
  w.i32(1, facts.values)
  w.i32(2, facts.encoding)
  if (type === PAGE.DATA) {
    w.i32(3, ENCODING.RLE)
    w.i32(4, ENCODING.RLE)
  }
  w.close()
  w.close()
  const header = out.size - start
  out.append(packed)
  return header + body.length
}
