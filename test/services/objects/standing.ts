/** What stands in an output, in a form that can be compared whichever run wrote it, and wherever. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { storeOf } from '../../../transforms/io/objects/store-of.ts'
import { namesIn } from './buckets.ts'

const plain = (name: string): string => name.replace(/-[0-9a-f]{12}\./, '.')

/** Bytes by name, without what is a run's own in it. */
export async function objectsIn(prefix: string): Promise<Map<string, string>> {
  const store = await storeOf(prefix)
  const found = new Map<string, string>()
  for (const name of await namesIn(`${prefix}/`)) {
    const { bytes } = (await store.get(`${prefix}/${name}`)) ?? {}
    if (!name.endsWith('_manifest.json'))
      found.set(plain(name), Buffer.from(bytes ?? []).toString('hex'))
  }
  return found
}

/** The files of a local folder in the same form. */
export function filesIn(path: string): Map<string, string> {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true })
  const files = entries.filter(e => e.isFile()).map(e => join(e.parentPath, e.name))
  return new Map(files.map(f => [relative(path, f), readFileSync(f).toString('hex')]))
}

export const sorted = (map: Map<string, string>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))
