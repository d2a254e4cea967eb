/**
 * A file of blocks that had no place in memory: written once, in order, and read by position. It is
 * private (file 0600, folder 0700): it holds the user's data.
 *
 * One record a block, little-endian; the blocks' handles say where each record starts.
 *
 * | offset | size | meaning                                              |
 * |--------|------|------------------------------------------------------|
 * | 0      | 4    | `MRZ1`                                               |
 * | 4      | 4    | bytes of the zstd frame, n                           |
 * | 8      | 4    | bytes of the block (`block.ts`) in the frame         |
 * | 12     | 4    | CRC-32 of the frame                                  |
 * | 16     | n    | the frame: zstd, level 1                             |
 *
 * A record that begins with `MRP1` has the plain block for a frame, so that both sizes are the same.
 *
 * Example: the block of 72 bytes in `block.ts` becomes MRZ1, n, 72, the frame's CRC, and a frame of
 * n bytes; the next record starts at 16 + n.
 */
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { Fault } from '../../fault.ts'
import { diskFault } from '../../io/disk.ts'
import type { FileBlock } from './block.ts'
import type { SpillSpace } from './spill-space.ts'

const MAGIC = 0x315a524d
const PLAIN = 0x3150524d
const HEAD_BYTES = 16
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

export class SpillFile {
  readonly path: string
  /** Bytes written so far. */
  bytes = 0
  #fd = -1
  #made = false
  readonly #write: typeof writeSync
  readonly #space: SpillSpace | null

  /** Nothing is made on disk before the first block. `write` stands in for the disk in tests. */
  constructor(path: string, write: typeof writeSync = writeSync, space: SpillSpace | null = null) {
    this.path = path
    this.#write = write
    this.#space = space
  }

  /** Adds a block of `rows` rows. Throws resource: the disk is full or fails. */
  append(block: Uint8Array, rows: number): FileBlock {
    const frame = zstdCompressSync(block, FAST)
    const head = Buffer.allocUnsafe(HEAD_BYTES)
    head.writeUInt32LE(MAGIC, 0)
    head.writeUInt32LE(frame.length, 4)
    head.writeUInt32LE(block.length, 8)
    head.writeUInt32LE(crc32(frame), 12)
    const position = this.bytes
    const storedBytes = HEAD_BYTES + frame.length
    this.#space?.take(storedBytes)
    try {
      if (this.#fd < 0) this.#open()
      this.#writeAll(head, position)
      this.#writeAll(frame, position + HEAD_BYTES)
    } catch (error) {
      this.#space?.give(storedBytes)
      throw diskFault(error, this.path, 'written', true)
    }
    this.bytes += storedBytes
    return { where: 'file', path: this.path, position, storedBytes, bytes: block.length, rows }
  }

  /** A block back: the file may still grow, and stays open. As `SpillReader.read`. */
  read(handle: FileBlock): Uint8Array<ArrayBuffer> {
    try {
      if (this.#fd < 0) this.#open()
      return unpack(handle, readRecord(this.#fd, handle))
    } catch (error) {
      throw diskFault(error, this.path, 'read', true)
    }
  }

  /** Lets go of the file; it is opened again where it is written or read once more. */
  close(): void {
    if (this.#fd < 0) return
    closeSync(this.#fd)
    this.#fd = -1
  }

  /** Closes the file and takes it off the disk. */
  remove(): void {
    this.close()
    if (this.#made) {
      rmSync(this.path, { force: true })
      this.#space?.give(this.bytes)
    }
    this.#made = false
  }

  #open(): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 })
    this.#fd = openSync(this.path, this.#made ? 'r+' : 'wx+', 0o600)
    this.#made = true
  }

  #writeAll(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; )
      done += this.#write(this.#fd, bytes, done, bytes.length - done, position + done)
  }
}

/** A block as a record that is not compressed: its head, and the block itself. */
export function plainRecord(block: Uint8Array): [head: Uint8Array, block: Uint8Array] {
  const head = Buffer.allocUnsafe(HEAD_BYTES)
  head.writeUInt32LE(PLAIN, 0)
  head.writeUInt32LE(block.length, 4)
  head.writeUInt32LE(block.length, 8)
  head.writeUInt32LE(crc32(block), 12)
  return [head, block]
}
plainRecord.headBytes = HEAD_BYTES

function readRecord(fd: number, handle: FileBlock): Buffer<ArrayBuffer> {
  const record = Buffer.allocUnsafeSlow(handle.storedBytes)
  let done = 0
  while (done < record.length) {
    const got = readSync(fd, record, done, record.length - done, handle.position + done)
    if (got === 0) throw damaged(handle, 'the file is too short')
    done += got
  }
  return record
}

/** Reads blocks back, in any order; files stay open until `close`. */
export class SpillReader {
  #path = ''
  #fd = -1

  /**
   * The block's bytes, 8-byte aligned. Throws resource: the file is gone, damaged or cannot be
   * read.
   */
  read(handle: FileBlock): Uint8Array<ArrayBuffer> {
    try {
      if (this.#path !== handle.path) this.#open(handle.path)
      return unpack(handle, readRecord(this.#fd, handle))
    } catch (error) {
      throw diskFault(error, handle.path, 'read', true)
    }
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = -1
    this.#path = ''
  }

  #open(path: string): void {
    this.close()
    this.#fd = openSync(path, 'r')
    this.#path = path
  }
}

function unpack(handle: FileBlock, record: Buffer): Uint8Array<ArrayBuffer> {
  const frame = record.subarray(HEAD_BYTES)
  const plain = record.readUInt32LE(0) === PLAIN
  const told = [plain ? PLAIN : MAGIC, frame.length, handle.bytes, crc32(frame)]
  if (told.some((word, i) => record.readUInt32LE(4 * i) !== word))
    throw damaged(handle, 'its checksum is wrong')
  const block = plain ? frame : zstdDecompressSync(frame, { maxOutputLength: handle.bytes })
  if (block.length !== handle.bytes) throw damaged(handle, 'its size is wrong')
  const aligned = block.byteOffset % 8 === 0 ? block : Uint8Array.from(block)
  return aligned as Uint8Array<ArrayBuffer>
}

const damaged = ({ path, position }: FileBlock, why: string): Fault =>
  new Fault('resource', `spill file ${path} is damaged at byte ${position}: ${why}`, {
    hint: 'check the disk, then run again: spilled rows are made anew',
  })
