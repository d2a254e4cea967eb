/** A workbook in an object store: its parts are read by ranges of the version that was listed. */
import { Readable } from 'node:stream'
import type { ZipFile } from 'yauzl'
import { readerOf } from '../objects/reader-of.ts'
import type { ObjectReader, StoredObject } from '../objects/store.ts'

/** Throws as the store's `read`; what yauzl finds wrong is its own error. */
export async function openObjectZip(object: StoredObject): Promise<ZipFile> {
  const { fromRandomAccessReaderPromise, RandomAccessReader } = await import('yauzl')
  const reader = await readerOf(object.uri)
  class ObjectRanges extends RandomAccessReader {
    override _readStreamForRange(start: number, end: number): Readable {
      return Readable.from(reader.read(object, start, end), { objectMode: false })
    }
    override close(done: (error: Error | null) => void): void {
      done(null)
    }
  }
  return fromRandomAccessReaderPromise(new ObjectRanges(), object.bytes, { autoClose: false })
}

/** Its first bytes. */
export async function objectHead(object: StoredObject, bytes: number): Promise<Buffer> {
  const reader: ObjectReader = await readerOf(object.uri)
  const chunks: Uint8Array[] = []
  for await (const chunk of reader.read(object, 0, Math.min(bytes, object.bytes)))
    chunks.push(chunk)
  return Buffer.concat(chunks)
}
