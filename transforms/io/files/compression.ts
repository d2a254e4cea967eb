/** What a file's first bytes say it is: names lie. */
import { closeSync, openSync, readSync } from 'node:fs'
import { Fault } from '../../../engine/fault.ts'

export type Compression = 'none' | 'gzip' | 'zstd'

/** Formats that are no text, with what to do about them. */
const FOREIGN: readonly (readonly [string, string, string])[] = [
  ['504b0304', 'a zip archive', 'unpack it'],
  ['425a68', 'compressed by bzip2', 'compress it with gzip or zstd'],
  ['fd377a585a00', 'compressed by xz', 'compress it with gzip or zstd'],
  ['50415231', 'a Parquet file', 'read it with parquet(…)'],
  ['4152524f5731', 'an Arrow file', 'write it as Parquet or text'],
  ['fffe', 'UTF-16 text', 'convert it to UTF-8, as with iconv -f UTF-16 -t UTF-8'],
  ['feff', 'UTF-16 text', 'convert it to UTF-8, as with iconv -f UTF-16 -t UTF-8'],
]

/**
 * Tells by its first bytes how a file is compressed.
 *
 * Throws  data: a format that is no text; resource: cannot be read
 */
export const sniff = (path: string): Sniffed => sniffed(headOf(path), path)

export interface Sniffed {
  readonly compression: Compression
  readonly head: Buffer
}

export const HEAD_BYTES = 64

/** As `sniff`, of a file's first `HEAD_BYTES`, or all of a shorter one. */
export function sniffed(head: Buffer, path: string): Sniffed {
  const hex = head.toString('hex')
  const compression = compressionOf(hex)
  const foreign = compression === 'none' && FOREIGN.find(([magic]) => hex.startsWith(magic))
  if (foreign && isForeign(foreign[0], head))
    throw new Fault('data', `${path} is ${foreign[1]}`, { hint: foreign[2] })
  return { compression, head }
}

function compressionOf(hex: string): Compression {
  if (hex.startsWith('1f8b')) return 'gzip'
  const zstd = hex.startsWith('28b52ffd') || /^5.2a4d18/.test(hex)
  return zstd ? 'zstd' : 'none'
}

/** Text may well begin with "BZh" or "PAR1". */
const isForeign = (magic: string, head: Buffer): boolean =>
  magic === '425a68'
    ? /^[1-9]1AY&SY/.test(head.toString('latin1', 3))
    : magic !== '50415231' || head.includes(0)

function headOf(path: string): Buffer {
  try {
    const file = openSync(path, 'r')
    try {
      const head = Buffer.alloc(HEAD_BYTES)
      return head.subarray(0, readSync(file, head, 0, head.length, 0))
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** The fault for a file that the system refuses to read. */
export function unreadable(path: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause
  const { code } = cause as NodeJS.ErrnoException
  const gone = code === 'ENOENT'
  return new Fault('resource', `cannot read ${path}: ${gone ? 'it is gone' : (code ?? cause)}`, {
    cause,
  })
}
