/**
 * The zip file that a workbook is: its parts by name, inflated as they are read, their lengths and
 * checksums verified. What a part will grow to is known before it is read, so bombs are refused at once.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { Entry, ZipFile } from 'yauzl'
import { Fault } from '../../../engine/fault.ts'
import { unreadable } from '../files/compression.ts'
import type { Located } from '../files/inputs.ts'
import { Xml } from './xml.ts'

const ENTRIES_MAX = 10_000
const INFLATED_FREE = 256 * 2 ** 20
/** Of parts that are held as a whole: the list of sheets, styles. */
const SMALL_MAX = 32 * 2 ** 20

export class Container {
  readonly path: string
  readonly #zip: ZipFile
  readonly #entries: ReadonlyMap<string, Entry>
  readonly #ratioMax: number
  /** Parts that are read; one that is not read to its end is closed with the file. */
  readonly #open: AsyncGenerator<Buffer>[] = []

  constructor(
    path: string,
    o: { zip: ZipFile; entries: ReadonlyMap<string, Entry>; ratioMax: number },
  ) {
    this.path = path
    this.#zip = o.zip
    this.#entries = o.entries
    this.#ratioMax = o.ratioMax
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  /** Stored and inflated bytes of a part. */
  sizeOf(name: string): { stored: number; inflated: number } {
    const { compressedSize = 0, uncompressedSize = 0 } = this.#entries.get(name) ?? {}
    return { stored: compressedSize, inflated: uncompressedSize }
  }

  /** A part's tokens. Throws data: there is none, it is a bomb; later: it is damaged. */
  xml(name: string): Xml {
    const part = `${this.path} (${name})`
    const chunks = this.#chunks(name)
    this.#open.push(chunks)
    return new Xml(part, chunks)
  }

  /** As `xml`, of a part that is small. */
  small(name: string): Xml {
    if (this.sizeOf(name).inflated > SMALL_MAX)
      throw new Fault('data', `${this.path} (${name}) is larger than ${SMALL_MAX} bytes`)
    return this.xml(name)
  }

  async *#chunks(name: string): AsyncGenerator<Buffer> {
    const entry = this.#entries.get(name)
    if (entry === undefined) throw new Fault('data', `${this.path} has no part ${name}`)
    this.#check(entry)
    let sum = 0
    try {
      const stream = await this.#zip.openReadStreamPromise(entry)
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        sum = crc32(chunk, sum)
        yield chunk
      }
    } catch (cause) {
      throw cause instanceof Fault ? cause : damaged(this.path, cause)
    }
    if (sum !== entry.crc32)
      throw damaged(this.path, new Error(`${name} does not match its checksum`))
  }

  #check({ fileName, compressedSize, uncompressedSize, isEncrypted }: Entry): void {
    if (isEncrypted.call(this.#entries.get(fileName)))
      throw new Fault('data', `${this.path} is encrypted`, { hint: 'save it without a password' })
    const bomb = uncompressedSize > Math.max(INFLATED_FREE, compressedSize * this.#ratioMax)
    if (bomb)
      throw new Fault(
        'data',
        `${this.path} (${fileName}) grows to more than ${this.#ratioMax} times its size`,
        { hint: 'a decompression bomb? where it is right, raise option inflateRatioMax' },
      )
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map(chunks => chunks.return(undefined)))
    this.#zip.close()
  }
}

const HEAD_BYTES = 8

/** Throws data: no workbook, damaged; resource: cannot be read. */
export async function openContainer(file: Located, ratioMax: number): Promise<Container> {
  const { path } = file
  checkHead(await headOf(file), path)
  const zip = await openZip(file).catch(cause => {
    throw cause instanceof Fault ? cause : damaged(path, cause)
  })
  try {
    const entries = new Map<string, Entry>()
    for await (const entry of zip.eachEntry()) {
      entries.set(entry.fileName, entry)
      if (entries.size > ENTRIES_MAX)
        throw new Fault('data', `${path} has more than ${ENTRIES_MAX} parts: it is no workbook`)
    }
    return new Container(path, { zip, entries, ratioMax })
  } catch (cause) {
    zip.close()
    throw cause instanceof Fault ? cause : damaged(path, cause)
  }
}

async function openZip({ path, object }: Located): Promise<ZipFile> {
  if (object !== undefined) return (await import('./object-zip.ts')).openObjectZip(object)
  return (await import('yauzl')).openPromise(path, { autoClose: false })
}

const damaged = (path: string, cause: unknown): Fault =>
  new Fault('data', `${path} is damaged: ${cause instanceof Error ? cause.message : cause}`, {
    cause,
    hint: 'fetch it again, or open the workbook and save it anew',
  })

async function headOf({ path, object }: Located): Promise<Buffer> {
  if (object !== undefined) return (await import('./object-zip.ts')).objectHead(object, HEAD_BYTES)
  const head = Buffer.alloc(HEAD_BYTES)
  try {
    const file = openSync(path, 'r')
    try {
      readSync(file, head, 0, head.length, 0)
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    throw unreadable(path, cause)
  }
  return head
}

function checkHead(head: Buffer, path: string): void {
  const hex = head.toString('hex')
  if (hex.startsWith('d0cf11e0'))
    throw new Fault('data', `${path} is an old workbook (.xls), or one with a password`, {
      hint: 'save it as .xlsx without a password',
    })
  if (!hex.startsWith('504b'))
    throw new Fault('data', `${path} is no workbook (.xlsx)`, {
      hint: 'a text file is read with csv(…)',
    })
}
