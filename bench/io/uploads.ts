/**
 * Files to an object store: our sender beside the client library's own upload of the same bytes, on the
 * test servers. Contestants take turns, each run in a process of its own, which also tells its peak
 * memory. What binds here is two cores that the server shares, not a network.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { type Service, start } from '../../test/services/services.ts'
import { sendFiles } from '../../transforms/io/objects/send-files.ts'
import {
  type Comparison,
  type Finding,
  median,
  secondsText,
  type Settings,
  timed,
} from './comparison.ts'

const PARALLEL = 50
const FILES = 50
const FILE_BYTES = 8e6
const RATIO_MIN = 0.9
const CONTESTANTS = ['gcs ours', 'gcs client', 's3 ours', 's3 client'] as const
type Contestant = (typeof CONTESTANTS)[number]

interface Told {
  readonly seconds: number
  /** Of the client's process: other work on the machine does not enter it. */
  readonly cpu: number
  readonly rss: number
}

interface FileHere {
  readonly path: string
  readonly name: string
}

async function withOurs(files: readonly FileHere[], to: string): Promise<void> {
  await sendFiles(files.map(({ path, name }) => ({ path, uri: `${to}/${name}` })))
}

async function withGcsClient(files: readonly FileHere[], to: string): Promise<void> {
  const { Storage } = await import('@google-cloud/storage')
  const apiEndpoint = process.env['STORAGE_EMULATOR_HOST'] as string
  const client = new Storage({ apiEndpoint, useAuthWithCustomEndpoint: false, projectId: 'test' })
  client.baseUrl = `${apiEndpoint}/storage/v1`
  const [, , bucket = '', folder = ''] = to.split('/')
  const limit = pLimit(PARALLEL)
  // As it is called by default: resumable, with the checksum that the client computes.
  const send = ({ path, name }: FileHere) =>
    client.bucket(bucket).upload(path, { destination: `${folder}/${name}` })
  await Promise.all(files.map(file => limit(send, file)))
}

async function withS3Client(files: readonly FileHere[], to: string): Promise<void> {
  const { PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3')
  const { readFile } = await import('node:fs/promises')
  const client = new S3Client({ forcePathStyle: true })
  const [, , Bucket = '', folder = ''] = to.split('/')
  const limit = pLimit(PARALLEL)
  // One request a file, its bytes whole in memory: the most that this client can do.
  const send = async ({ path, name }: FileHere) =>
    client.send(
      new PutObjectCommand({ Bucket, Key: `${folder}/${name}`, Body: await readFile(path) }),
    )
  await Promise.all(files.map(file => limit(send, file)))
}

const ACTS: { readonly [C in Contestant]: typeof withOurs } = {
  'gcs ours': withOurs,
  'gcs client': withGcsClient,
  's3 ours': withOurs,
  's3 client': withS3Client,
}

/** In a process of its own. */
async function contest(who: Contestant, folder: string, o: { files: number; to: string }) {
  const files = Array.from({ length: o.files }, (_, i) => ({
    path: join(folder, `part-${i}`),
    name: `part-${String(i).padStart(5, '0')}.parquet`,
  }))
  const started = performance.now()
  const before = process.cpuUsage()
  await ACTS[who](files, o.to)
  const seconds = (performance.now() - started) / 1000
  const rss = process.resourceUsage().maxRSS * 1024
  const { user, system } = process.cpuUsage(before)
  const cpu = (user + system) / 1e6
  process.stdout.write(JSON.stringify({ seconds, cpu, rss } satisfies Told), () => process.exit(0))
}

async function told(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Told> {
  const self = fileURLToPath(import.meta.url)
  const { out } = await timed(['--conditions=millrace-source', self, ...args], env)
  return JSON.parse(out) as Told
}

type Kind = 'gcs' | 's3'
type Servers = Readonly<Record<Kind, Service>>

/** Files that no store and no compression makes smaller. */
function writeFiles(folder: string, bytesEach: number): void {
  const bytes = Buffer.alloc(bytesEach)
  for (let file = 0; file < FILES; file++) {
    for (let i = 0; i + 4 <= bytes.length; i += 4096)
      bytes.writeUInt32LE((i * 2654435761 + file) >>> 0, i)
    writeFileSync(join(folder, `part-${file}`), bytes)
  }
}

/** One turn. What arrived is compared, byte by byte, with what was sent. */
async function turn(who: Contestant, servers: Servers, o: { folder: string; round: number }) {
  const kind = who.split(' ')[0] as Kind
  const bucket = `round-${o.round}-${who.replace(' ', '-')}`
  const there = join(servers[kind].folder, bucket)
  mkdirSync(there)
  const to = `${kind === 'gcs' ? 'gs' : 's3'}://${bucket}/load`
  const args = ['--who', who, '--folder', o.folder, '--to', to, '--files', String(FILES)]
  const found = await told(args, servers[kind].env)
  for (let file = 0; o.round === 0 && file < FILES; file++) {
    const name = `part-${String(file).padStart(5, '0')}.parquet`
    const [got, sent] = [join(there, 'load', name), join(o.folder, `part-${file}`)]
    assert.ok(readFileSync(got).equals(readFileSync(sent)), `${who}: ${name} is not what was sent`)
  }
  rmSync(there, { recursive: true })
  return found
}

function findingsOf(kind: Kind, results: ReadonlyMap<Contestant, readonly Told[]>): Finding[] {
  const of = (who: 'ours' | 'client', key: keyof Told): number[] =>
    (results.get(`${kind} ${who}`) ?? []).map(t => t[key])
  const finding = (key: 'seconds' | 'cpu', measure: string): Finding => ({
    what: `uploads to ${kind}, speed beside the client library's own, ${measure}`,
    ours: secondsText(of('ours', key)),
    theirs: secondsText(of('client', key)),
    figure: median(of('client', key)) / median(of('ours', key)),
    // The aim is of speed; processor time is shown, since a busy machine says little of time.
    aim: key === 'seconds' ? { least: RATIO_MIN } : null,
  })
  return [finding('seconds', 'wall'), finding('cpu', 'CPU')]
}

function noteOf(kind: Kind, results: ReadonlyMap<Contestant, readonly Told[]>): string {
  const peak = (who: 'ours' | 'client'): string => {
    const peaks = (results.get(`${kind} ${who}`) ?? []).map(t => t.rss)
    return `${(Math.max(...peaks) / 1e6).toFixed(0)} MB`
  }
  return `uploads to ${kind}: peak memory of the sending process ${peak('ours')}, of the client's ${peak('client')}`
}

async function compared(o: Settings): Promise<{ findings: Finding[]; notes: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-uploads-'))
  const servers = { gcs: await start('gcs'), s3: await start('s3') }
  try {
    writeFiles(folder, Math.round(FILE_BYTES * o.scale))
    const results = new Map<Contestant, Told[]>(CONTESTANTS.map(who => [who, []]))
    for (let round = 0; round < o.rounds; round++)
      for (const who of CONTESTANTS)
        results.get(who)?.push(await turn(who, servers, { folder, round }))
    const kinds = ['gcs', 's3'] as const
    return {
      findings: kinds.flatMap(kind => findingsOf(kind, results)),
      notes: kinds.map(kind => noteOf(kind, results)),
    }
  } finally {
    await Promise.all(Object.values(servers).map(s => s.stop()))
    rmSync(folder, { recursive: true })
  }
}

export const uploads: Comparison = { servers: ['gcs', 's3'], run: compared }

if (import.meta.main) {
  const text = { type: 'string', default: '' } as const
  const { values } = parseArgs({ options: { who: text, folder: text, to: text, files: text } })
  const { who, folder, to, files } = values
  await contest(who as Contestant, folder, { files: Number(files), to })
}
