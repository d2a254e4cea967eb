/**
 * One file of the set, streamed: what is in memory is a few chunks, whatever the rows. It gets its
 * name when it is whole, so that an interrupted generator leaves nothing that a glob takes for data.
 */
import { createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { csvChunks, csvHeader, type Slice } from './csv-chunks.ts'
import type { RetailSheet } from './sheet.ts'

export interface FileJob extends Slice {
  readonly path: string
  readonly crlf: boolean
  readonly gzip: boolean
}

/** Writes the file and answers its size on disk. */
export async function writeFile(sheet: RetailSheet, job: FileJob): Promise<number> {
  function* bytes(): Generator<Buffer> {
    yield csvHeader(job.crlf)
    yield* csvChunks(sheet, job)
  }
  const source = Readable.from(bytes(), { objectMode: false })
  const part = `${job.path}.part`
  const file = createWriteStream(part)
  // Level 1: level 6 took 3.7 times as long for a fifth fewer bytes.
  if (job.gzip) await pipeline(source, createGzip({ level: 1 }), file)
  else await pipeline(source, file)
  await rename(part, job.path)
  return file.bytesWritten
}
