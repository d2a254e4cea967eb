/**
 * The objects that a URI stands for: one object, a glob, or a folder with its Hive folders, as for local
 * files. A folder with a manifest of ours is what the manifest says, whatever else lies there.
 */
import { Fault, nearestName, redactUri } from '../../../engine/fault.ts'
import type { PlanRequest } from '../../../engine/io/source.ts'
import { hasWildcards, isHidden, patternOf } from './glob.ts'
import { MANIFEST, outputIn } from './manifest.ts'
import { readerOf } from './reader-of.ts'
import type { ObjectReader, StoredObject } from './store.ts'
import { placeOf, schemeOf, uriOf } from './uri.ts'

/** More objects in one source are refused: their list and their splits would take more than a gigabyte. */
const OBJECTS_MAX = 2_000_000
/** Names shown where nothing matches. */
const SHOWN = 10

type Told = PlanRequest['told']

/**
 * Lists objects by name, in code unit order.
 *
 * `told`: after each page.
 *
 * Cost    a request, then one for each 1,000 objects under the longest prefix
 * Throws  data: nothing matches; resource: cannot be listed; pipeline: not a URI of a store
 */
export async function listObjects(uri: string, told?: Told): Promise<StoredObject[]> {
  const reader = await readerOf(uri)
  if (schemeOf(uri) === 'https') return [await fileAt(reader, uri)]
  const { name } = placeOf(uri)
  const exact = name === '' || name.endsWith('/') ? null : await reader.stat(uri)
  if (exact !== null) return [exact]
  const found = await (hasWildcards(name) ? matching : within)(reader, uri, told)
  if (found.length === 0) throw await nothing(reader, uri)
  return found.sort((a, b) => (a.uri < b.uri ? -1 : 1))
}

async function fileAt(reader: ObjectReader, uri: string): Promise<StoredObject> {
  const found = await reader.stat(uri)
  if (found !== null) return found
  throw new Fault('data', `no file is at ${redactUri(uri)}`, { hint: 'check the URL' })
}

/** A folder's objects, and those of its Hive folders (`month=2011-01-01`), but of no others. */
async function within(reader: ObjectReader, uri: string, told: Told): Promise<StoredObject[]> {
  const folder = uri.endsWith('/') ? uri : `${uri}/`
  const found: StoredObject[] = []
  for await (const page of reader.list(folder)) {
    // It comes before most names, so that little is listed in vain.
    const manifest = page.some(object => object.uri === folder + MANIFEST)
    const said = manifest ? await outputIn(reader, folder) : null
    if (said !== null) return [...said]
    take(found, page.filter(isWithin(folder)), { prefix: folder, told })
  }
  return found
}

const isWithin = (folder: string) => (object: StoredObject) => {
  const parts = object.uri.slice(folder.length).split('/')
  const file = parts.pop() ?? ''
  return file !== '' && !isHidden(file) && parts.every(p => p.includes('=') && !isHidden(p))
}

async function matching(reader: ObjectReader, uri: string, told: Told): Promise<StoredObject[]> {
  const place = placeOf(uri)
  const pattern = patternOf(place.name)
  const folders = new Set([uriOf({ ...place, name: pattern.base })])
  const wanted = (object: StoredObject) => {
    const { name } = placeOf(object.uri)
    if (name.endsWith(`/${MANIFEST}`)) folders.add(object.uri.slice(0, -MANIFEST.length))
    return !name.endsWith('/') && pattern.matches(name)
  }
  const prefix = uriOf({ ...place, name: pattern.prefix })
  const found: StoredObject[] = []
  for await (const page of reader.list(prefix)) take(found, page.filter(wanted), { prefix, told })
  let kept = found
  for (const folder of folders) {
    const manifest = await outputIn(reader, folder)
    if (manifest === null) continue
    const said = new Map(manifest.map(object => [object.uri, object]))
    kept = kept.flatMap(o => (o.uri.startsWith(folder) ? (said.get(o.uri) ?? []) : o))
  }
  return kept
}

function take(
  found: StoredObject[],
  more: readonly StoredObject[],
  { prefix, told }: { readonly prefix: string; readonly told: Told },
): void {
  found.push(...more)
  told?.({ found: found.length, looked: 0 })
  if (found.length > OBJECTS_MAX)
    throw new Fault('data', `${redactUri(prefix)} holds more than ${OBJECTS_MAX} objects`, {
      hint: 'read it in parts, by longer prefixes',
    })
}

/** Says what is there instead, from the first page under the folder. */
async function nothing(reader: ObjectReader, uri: string): Promise<Fault> {
  const place = placeOf(uri)
  const [literal = ''] = place.name.split(/[*?{[]/)
  const base = uriOf({ ...place, name: literal.slice(0, literal.lastIndexOf('/') + 1) })
  const names = new Set<string>()
  for await (const page of reader.list(base)) {
    for (const object of page) names.add(/^[^/]*/.exec(object.uri.slice(base.length))?.[0] ?? '')
    break
  }
  const near = nearestName(place.name.replace(/\/$/, '').split('/').pop() ?? '', names)
  const listed = [...names].slice(0, SHOWN).join(' ') || 'nothing'
  const more = names.size > SHOWN ? ' and others' : ''
  return new Fault('data', `no object matches ${JSON.stringify(redactUri(uri))}`, {
    detail: [`${redactUri(base)} holds ${listed}${more}`],
    hint: near
      ? `did you mean ${JSON.stringify(redactUri(base + near))}?`
      : 'check the folder and the pattern, and whether the files have been written yet',
  })
}
