/**
 * Reads the manifest that our own sinks write into an output folder, `_millrace_manifest.json`: which
 * objects the output is made of, each of which version. What lies beside them belongs to a run that
 * died, or to one at work.
 *
 *     { "format": "millrace-manifest", "version": 1, "run": "…", "created": "2026-01-31T12:00:00.000Z",
 *       "objects": [{ "name": "part-00000-3f2a.parquet", "bytes": 4096, "rows": 100,
 *                     "version": "1795289191365929", "crc32c": "yZRlqg==" }] }
 */
import { Fault, redactUri } from '../../../engine/fault.ts'
import type { ObjectReader, StoredObject } from './store.ts'

export const MANIFEST = '_millrace_manifest.json'

const VERSION = 1

interface Entry {
  readonly name: string
  readonly bytes: number
  readonly version: string
  readonly crc32c?: string | null
}

/** `folder` ends with a slash. Null where there is none. Throws data: it is no manifest of ours. */
export async function manifestIn(
  reader: ObjectReader,
  folder: string,
): Promise<readonly StoredObject[] | null> {
  const uri = folder + MANIFEST
  const found = await reader.get(uri)
  if (found === null) return null
  const { created, objects } = parsed(uri, Buffer.from(found.bytes).toString('utf8'))
  const modified = Date.parse(created)
  return objects.map(({ name, bytes, version, crc32c }) => ({
    uri: folder + name,
    bytes,
    version,
    modified,
    ...(crc32c ? { checksum: { of: 'crc32c' as const, value: crc32c } } : {}),
  }))
}

function parsed(uri: string, text: string): { created: string; objects: readonly Entry[] } {
  const manifest = jsonOf(text)
  if (manifest.format !== 'millrace-manifest' || !Array.isArray(manifest.objects))
    throw wrong(uri, 'is no manifest of an output')
  if (manifest.version !== VERSION)
    throw wrong(uri, `has version ${String(manifest.version)}, this release reads ${VERSION}`)
  if (typeof manifest.created !== 'string' || Number.isNaN(Date.parse(manifest.created)))
    throw wrong(uri, 'does not say when it was created')
  for (const entry of manifest.objects as readonly Partial<Entry>[])
    if (
      typeof entry?.name !== 'string' ||
      typeof entry.version !== 'string' ||
      !(Number.isSafeInteger(entry.bytes) && (entry.bytes as number) >= 0)
    )
      throw wrong(uri, 'has an object without name, bytes or version')
  return manifest as unknown as { created: string; objects: readonly Entry[] }
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    // Said as what it is: no manifest.
    return {}
  }
}

const wrong = (uri: string, what: string): Fault =>
  new Fault('data', `${redactUri(uri)} ${what}`, {
    hint: 'read the objects by a glob in another folder, or write the output again',
  })
