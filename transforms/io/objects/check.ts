/**
 * What `millrace check` tries of an object store: to list, to read a byte, and to write and remove a
 * small object under `_millrace/`. A URI of the web is read only.
 */
import { randomBytes } from 'node:crypto'
import { Fault, redactUri } from '../../../engine/fault.ts'
import type { CheckReport, Missing } from '../../../engine/io/check.ts'
import { answerOf } from './answer.ts'
import { said, SYSTEMS } from './errors.ts'
import { readerOf } from './reader-of.ts'
import { storeOf } from './store-of.ts'
import type { ObjectReader, StoredObject } from './store.ts'
import { placeOf, schemeOf, uriOf } from './uri.ts'

/**
 * Checks what a run that reads from `uri`, or writes to it, would need.
 *
 * Cost    some five requests; a small object is written and removed
 * Throws  pipeline: not a URI of an object store
 */
export async function checkObjects(uri: string): Promise<CheckReport> {
  const scheme = schemeOf(uri)
  const report = new Report(SYSTEMS[scheme], redactUri(uri))
  const reader = await readerOf(uri)
  if (scheme === 'https')
    await report.tried('read', `read ${redactUri(uri)}`, () => someByte(reader, uri))
  else await checkBucket(reader, uri, report)
  return report
}

async function checkBucket(reader: ObjectReader, uri: string, report: Report): Promise<void> {
  const place = placeOf(uri)
  const base = uriOf({ ...place, name: folderOf(place.name) })
  const shown = redactUri(base)
  const [first, ended] = await report.tried('list', `list objects under ${shown}`, () =>
    firstOf(reader, base),
  )
  // Nobody who cannot even ask gets an answer to the rest.
  if (ended) return
  if (first)
    await report.tried('read', `read objects under ${shown}`, async () => {
      await reader.read(first, 0, new Uint8Array(1))
    })
  else report.passed.push(`nothing to read under ${shown}`)
  const probe = `${base}_millrace/check-${randomBytes(8).toString('hex')}`
  const [, unwritten] = await report.tried('write', `write objects under ${shown}`, async () => {
    await (await storeOf(uri)).put(probe, Buffer.from('millrace check\n'), null)
  })
  if (unwritten) return
  await report.tried('remove', `remove objects under ${shown}`, async () =>
    (await storeOf(uri)).remove(probe),
  )
}

/** The folder that a name, a pattern or a prefix is in. */
const folderOf = (name: string): string => {
  const [literal = ''] = name.split(/[*?{[]/)
  const plain = literal === name && name !== '' && !/\.\w+$/.test(name)
  return plain ? `${name.replace(/\/$/, '')}/` : literal.slice(0, literal.lastIndexOf('/') + 1)
}

async function firstOf(reader: ObjectReader, prefix: string): Promise<StoredObject | undefined> {
  for await (const page of reader.list(prefix)) {
    const found = page.find(object => object.bytes > 0)
    if (found) return found
  }
  return undefined
}

async function someByte(reader: ObjectReader, uri: string): Promise<void> {
  const object = await reader.stat(uri)
  if (object === null)
    throw new Fault('resource', `no file is at ${redactUri(uri)}`, { hint: 'check the URL' })
  await reader.read(object, 0, new Uint8Array(Math.min(1, object.bytes)))
}

class Report implements CheckReport {
  readonly system: string
  readonly resource: string
  readonly passed: string[] = []
  readonly missing: Missing[] = []

  constructor(system: string, resource: string) {
    this.system = system
    this.resource = resource
  }

  /** What it gave, and whether it failed, which is noted. */
  async tried<T>(
    verb: string,
    what: string,
    act: () => Promise<T>,
  ): Promise<[T | undefined, boolean]> {
    try {
      const found = await act()
      this.passed.push(what)
      return [found, false]
    } catch (error) {
      if (error instanceof Fault && error.kind === 'pipeline') throw error
      const answered = said(answerOf(error instanceof Fault ? (error.cause ?? error) : error))
      const hint = (error as Partial<Fault>).hint ?? `see why the service refuses to ${verb}`
      this.missing.push({ what, answered, hint })
      return [undefined, true]
    }
  }
}
