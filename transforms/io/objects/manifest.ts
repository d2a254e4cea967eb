/**
 * The manifest of an output, `_millrace_manifest.json` in its folder: which objects it is made of. Writing
 * it is the moment at which an output becomes another one; our readers read what it says. Names are
 * relative to the folder; `version` is a generation or etag, `run` what the objects' names end with, `key`
 * what the run was: its plan, parameters, inputs and outputs.
 *
 *     { "format": "millrace-manifest", "version": 1, "run": "3f2a0b7c11d2e4a8",
 *       "created": "2026-01-31T12:00:00.000Z", "schema": "\"id\":int32", "objects": [
 *     { "name": "part-00000-3f2a0b7c11d2.parquet", "bytes": 4096, "rows": 100,
 *       "version": "1795289191365929", "crc32c": "yZRlqg==" } ] }
 */
import { Fault, redactUri } from '../../../engine/fault.ts'
import type { ObjectReader, StoredObject } from './store.ts'

export const MANIFEST = '_millrace_manifest.json'

const FORMAT = 'millrace-manifest'
const VERSION = 1

export interface ManifestObject {
  readonly name: string
  readonly bytes: number
  readonly rows: number
  readonly version: string
  readonly crc32c: string | null
}

export interface Manifest {
  readonly run: string
  readonly key: string
  readonly created: string
  readonly schema: string
  /** By name, in code unit order. */
  readonly objects: readonly ManifestObject[]
}

export function manifestText({ run, key, created, schema, objects }: Manifest): Buffer {
  const head = { format: FORMAT, version: VERSION, run, key, created, schema }
  const lines = objects.map(o => JSON.stringify(o)).join(',\n')
  return Buffer.from(`${JSON.stringify(head).slice(0, -1)},"objects":[\n${lines}\n]}\n`)
}

/** `folder` ends with `/`; null: it has none. Throws data: what stands there is no manifest. */
export async function manifestIn(
  store: ObjectReader,
  folder: string,
): Promise<{ readonly manifest: Manifest; readonly version: string } | null> {
  const uri = folder + MANIFEST
  const found = await store.get(uri)
  if (found === null) return null
  return { manifest: parsed(uri, found.bytes), version: found.version }
}

/** The output's objects as a listing would have them; null: the folder has no manifest. Throws as `manifestIn`. */
export async function outputIn(
  reader: ObjectReader,
  folder: string,
): Promise<readonly StoredObject[] | null> {
  const found = await manifestIn(reader, folder)
  if (found === null) return null
  const { created, objects } = found.manifest
  const modified = Date.parse(created)
  return objects.map(({ name, bytes, version, crc32c }) => ({
    uri: folder + name,
    bytes,
    version,
    modified,
    ...(crc32c ? { checksum: { of: 'crc32c' as const, value: crc32c } } : {}),
  }))
}

function parsed(uri: string, bytes: Uint8Array): Manifest {
  const { format, version, ...manifest } = objectIn(bytes)
  const { created, objects } = manifest
  if (format !== FORMAT || !Array.isArray(objects)) throw wrong(uri, 'is no manifest of an output')
  if (version !== VERSION)
    throw wrong(uri, `has version ${String(version)}, this release knows ${VERSION}`)
  if (typeof created !== 'string' || Number.isNaN(Date.parse(created)))
    throw wrong(uri, 'does not say when it was created')
  if (!objects.every(isObject)) throw wrong(uri, 'has an object without name, bytes or version')
  return manifest as unknown as Manifest
}

const isObject = (entry: Partial<ManifestObject> | null): boolean =>
  typeof entry?.name === 'string' &&
  typeof entry.version === 'string' &&
  Number.isSafeInteger(entry.bytes) &&
  (entry.bytes as number) >= 0

const wrong = (uri: string, what: string): Fault =>
  new Fault('data', `${redactUri(uri)} ${what}`, {
    detail: [`expected  ${FORMAT}, version ${VERSION}`],
    hint: 'read the objects by a glob in another folder; to write there, remove the object',
  })

function objectIn(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    // Then it is no manifest, which is what is said.
    return {}
  }
}
