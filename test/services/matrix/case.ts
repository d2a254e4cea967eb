/** What a case of the matrix is, and what cases have in common: places, answers in files, objects that are put. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { FaultOptions } from '../fault-proxy/schedule.ts'
import type { ServerName, Service } from '../services.ts'
import { s3Of, storageOf } from '../talk.ts'
import { csvFilesIn } from './rows.ts'

export const FILES = 4
export const ROWS_PER_FILE = 2000
export const READ = 'test/services/matrix/read.ts'
export const PART = 'test/services/matrix/part.ts'
export const LOAD = 'test/services/matrix/load.ts'

/** The servers of the harness, and the paged service of `pages.ts`. */
export type EndName = ServerName | 'pages'
export type Servers = Readonly<Partial<Record<EndName, Service>>>

export interface At {
  /** The servers themselves. */
  readonly servers: Servers
  /** A folder of the test's. */
  readonly folder: string
}

export interface MatrixCase {
  readonly name: string
  readonly servers: readonly EndName[]
  /** Fills what is read. Once. */
  prepare(at: At): Promise<void>
  /** What `millrace` is told. `through`: the servers, or the proxies before them. */
  words(at: At, through: Servers, name: string): Promise<string[]>
  /** Environment variables of the run, besides those of the servers. */
  env?(name: string): Record<string, string>
  /** What the run came to: equal answers are equal data. */
  answer(at: At, name: string): Promise<string>
  /** What may be on a server after a run. Nothing more than before where absent. */
  made?(name: string): (thing: string) => boolean
  /** Where other faults than for most: a run that asks for little, or for much before it comes to rows. */
  readonly faults?: Pick<FaultOptions, 'rate' | 'faultsMax' | 'where'>
  /** Bytes that may come from the servers, what is sent again included. Any where absent. */
  receivedBytesMax?(at: At): number
}

export const hashOf = (parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}

/**
 * Names and bytes of the files below a folder. A shard's name has a hash of where it lies, and a manifest
 * has the versions of objects: these are left out, what a manifest lists is looked for.
 */
export function filesOf(folder: string): string {
  const names = globSync('**/*.*', { cwd: folder }).sort()
  const files = names.flatMap(name => {
    const bytes = readFileSync(join(folder, name))
    return [
      name.replace(/-[0-9a-f]{12}\./, '.'),
      name.endsWith(MANIFEST) ? listedIn(dirname(join(folder, name)), bytes) : bytes,
    ]
  })
  return `${names.length} files ${hashOf(files)}`
}

const MANIFEST = '_millrace_manifest.json'

/** What a manifest lists is there, with its size. */
function listedIn(folder: string, manifest: Buffer): string {
  const { objects } = JSON.parse(manifest.toString()) as {
    objects: { name: string; bytes: number }[]
  }
  for (const { name, bytes } of objects)
    assert.equal(statSync(join(folder, name)).size, bytes, name)
  return `${objects.length} objects`
}

export const out = ({ folder }: At, name: string): string => join(folder, 'out', name)
export const localFiles = (at: At, name: string) => Promise.resolve(filesOf(out(at, name)))
export const lines = ({ folder }: At): string =>
  csvFilesIn(join(folder, 'in'), FILES, ROWS_PER_FILE)

export type Store = 'gcs' | 's3'
export const SCHEME = { gcs: 'gs', s3: 's3' } as const

export async function bucketIn(server: Service, name: string): Promise<void> {
  if (server.name === 'gcs') await storageOf(server).createBucket(name)
  else {
    const client = s3Of(server)
    await client.send(new CreateBucketCommand({ Bucket: name }))
    client.destroy()
  }
}

export async function put(
  server: Service,
  bucket: string,
  key: string,
  body: string | Buffer,
): Promise<void> {
  if (server.name === 'gcs') {
    await storageOf(server).bucket(bucket).file(key).save(body, { resumable: false })
    return
  }
  const client = s3Of(server)
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
  client.destroy()
}
