/**
 * A fragment of a text format: one line a row, written into a buffer and from there in large pieces.
 * `joinLines` concatenates fragments behind the format's head. Compressed, each piece is a gzip member
 * or zstd frame of its own: a file of several is one file to every reader.
 */
import { closeSync, copyFileSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { diskFault } from '../../../engine/io/disk.ts'
import type { Fragment, FragmentWriter } from '../../../engine/io/sink.ts'
import type { Batch } from '../../../engine/data/batch.ts'
import type { Cell } from './cells.ts'
import type { Compression } from './compression.ts'
import { Out } from './out.ts'

const COPY_BYTES = 1 << 20

/** Makes what writes the line of row i of a batch, its line break included. */
export type LinesOf = (batch: Batch) => Cell

/** As files are packed, by name. */
export const PACK: { readonly [C in Compression]: (bytes: Buffer) => Buffer } = {
  none: bytes => bytes,
  gzip: bytes => gzipSync(bytes),
  zstd: bytes => zstdCompressSync(bytes),
}
export const SUFFIX: { readonly [C in Compression]: string } = {
  none: '',
  gzip: '.gz',
  zstd: '.zst',
}

export interface LinesOptions {
  readonly linesOf: LinesOf
  readonly compression: Compression
  /** Bytes at which the file takes no more rows; where it is compressed, one piece later at most. */
  readonly bytesMax?: number | undefined
}

export function linesFragment(path: string, o: LinesOptions): FragmentWriter {
  const { linesOf, compression, bytesMax = Number.POSITIVE_INFINITY } = o
  const fd = refusing(path, () => openSync(path, 'w'))
  const pack = PACK[compression]
  const plain = compression === 'none'
  let rows = 0
  let bytes = 0
  let open = true
  const out = new Out(piece => {
    bytes += refusing(path, () => writeAll(fd, pack(piece)))
  })
  const end = () => {
    if (open) closeSync(fd)
    open = false
  }
  return {
    get heldBytes() {
      return out.bytes.length
    },
    write(batch, from = 0, to = batch.selected) {
      const line = linesOf(batch)
      const { selection } = batch
      let k = from
      while (k < to && (plain ? bytes + out.at : bytes) < bytesMax)
        line(selection === null ? k++ : (selection[k++] as number), out)
      rows += k - from
      return k
    },
    close(): Fragment {
      out.flush()
      end()
      return { path, rows, bytes }
    },
    abort() {
      end()
      rmSync(path, { force: true })
    },
  }
}

/** Joins fragments behind a head, which is packed as they are. Answers the file's bytes. */
export function joinLines(
  fragments: readonly Fragment[],
  path: string,
  { head, compression }: { head: string; compression: Compression },
): number {
  return refusing(path, () => {
    const [only] = fragments
    if (only && fragments.length === 1 && head === '' && only.bytes > 0) {
      copyFileSync(only.path, path)
      return only.bytes
    }
    const out = openSync(path, 'w')
    try {
      let bytes = 0
      // A compressed file without rows is one empty member: no bytes at all are not gzip.
      if (head !== '' || fragments.every(f => f.bytes === 0))
        bytes += writeAll(out, PACK[compression](Buffer.from(head)))
      const buffer = Buffer.allocUnsafe(COPY_BYTES)
      for (const { path: from } of fragments) bytes += copyInto(out, from, buffer)
      return bytes
    } finally {
      closeSync(out)
    }
  })
}

function copyInto(out: number, from: string, buffer: Buffer): number {
  const fd = openSync(from, 'r')
  let bytes = 0
  try {
    for (;;) {
      const read = readSync(fd, buffer, 0, buffer.length, null)
      if (read === 0) return bytes
      bytes += writeAll(out, buffer.subarray(0, read))
    }
  } finally {
    closeSync(fd)
  }
}

function writeAll(fd: number, bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at)
  return bytes.length
}

function refusing<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    throw diskFault(cause, path, 'written')
  }
}
