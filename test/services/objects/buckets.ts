/** What tests of object stores share: a bucket on each real server, the objects in it, files of known bytes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gcsProtocol } from '../gcs-protocol/proxy.ts'
import { type Service, serverOf } from '../services.ts'
import type { ObjectStore } from '../../../transforms/io/objects/store.ts'
import { storeOf } from '../../../transforms/io/objects/store-of.ts'

let protocol: Promise<Service> | null = null

export const KINDS = ['gcs', 's3'] as const
export type Kind = (typeof KINDS)[number]

/** The server of a kind, which keeps to the service's protocol. */
export async function serviceOf(kind: Kind): Promise<Service> {
  const service = await serverOf(kind)
  if (kind === 's3') return service
  protocol ??= gcsProtocol(service)
  return { ...(await protocol), folder: service.folder }
}

/** Points this process's clients at the servers, and makes a bucket; answers its URI. */
export async function bucketOn(kind: Kind, name: string): Promise<string> {
  const { env, folder } = await serviceOf(kind)
  Object.assign(process.env, env)
  // On both servers a folder of their root is a bucket.
  mkdirSync(join(folder, name), { recursive: true })
  return `${kind === 'gcs' ? 'gs' : 's3'}://${name}`
}

/** Names below `prefix`, in order; without `hidden` those of `_millrace` are left out. */
export async function namesIn(prefix: string, hidden = true): Promise<string[]> {
  const store = await storeOf(prefix)
  const names: string[] = []
  for await (const page of store.list(prefix))
    for (const { uri } of page) names.push(uri.slice(prefix.length))
  return hidden ? names : names.filter(n => !n.includes('_millrace'))
}

/** What was sent under `prefix` and is not shown. */
export async function leftIn(store: ObjectStore, prefix: string, hidden: string) {
  const found: string[] = []
  for await (const page of store.leftovers(prefix, hidden))
    for (const { uri } of page) found.push(uri.slice(prefix.length))
  return found.sort()
}

export async function textOf(uri: string): Promise<string> {
  const found = await (await storeOf(uri)).get(uri)
  return Buffer.from(found?.bytes ?? []).toString('utf8')
}

let made: string | null = null

/** A folder for this process's files, removed at its end. */
export function folder(): string {
  if (made === null) {
    const path = mkdtempSync(join(tmpdir(), 'millrace-objects-'))
    made = path
    // Not `after`, which within a test would be at its end.
    process.once('exit', () => rmSync(path, { recursive: true, force: true }))
  }
  return made
}

/** Writes `bytes` bytes that depend on `seed` alone. */
export function fileOf(name: string, bytes: number, seed = 1): string {
  const content = Buffer.alloc(bytes)
  let state = seed
  for (let i = 0; i + 4 <= bytes; i += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    content.writeUInt32LE(state, i)
  }
  const path = join(folder(), name)
  writeFileSync(path, content)
  return path
}
