/**
 * Files to an object store: our sender beside the client library's own upload of the same bytes, on the
 * test servers. Contestants take turns, each run in a process of its own, which also tells its peak
 * memory. What binds here is two cores that the server shares, not a network.
 *
 *     node --conditions=millrace-source bench/io/uploads.ts [--files 50] [--mb 8] [--rounds 5]
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { start } from '../../test/services/services.ts'
import { sendFiles } from '../../transforms/io/objects/send-files.ts'

const PARALLEL = 50
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
  const child = spawn(process.execPath, ['--conditions=millrace-source', self, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', data => {
    out += data
  })
  await new Promise(resolve => child.once('close', resolve))
  return JSON.parse(out) as Told
}

const middle = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] as number

async function compare(o: { files: number; mb: number; rounds: number }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-uploads-'))
  const servers = { gcs: await start('gcs'), s3: await start('s3') }
  try {
    const bytes = Buffer.alloc(o.mb * 1e6)
    for (let file = 0; file < o.files; file++) {
      for (let i = 0; i + 4 <= bytes.length; i += 4096)
        bytes.writeUInt32LE((i * 2654435761 + file) >>> 0, i)
      writeFileSync(join(folder, `part-${file}`), bytes)
    }
    const results = new Map<Contestant, Told[]>(CONTESTANTS.map(who => [who, []]))
    for (let round = 0; round < o.rounds; round++)
      for (const who of CONTESTANTS) {
        const kind = who.startsWith('gcs') ? 'gcs' : 's3'
        const bucket = `round-${round}-${who.replace(' ', '-')}`
        mkdirSync(join(servers[kind].folder, bucket))
        const to = `${kind === 'gcs' ? 'gs' : 's3'}://${bucket}/load`
        const args = ['--who', who, '--folder', folder, '--to', to, '--files', String(o.files)]
        results.get(who)?.push(await told(args, servers[kind].env))
        rmSync(join(servers[kind].folder, bucket), { recursive: true })
      }
    const total = (o.files * o.mb) / 1000
    for (const [who, list] of results) {
      const seconds = list.map(t => t.seconds)
      const peak = Math.max(...list.map(t => t.rss)) / 1e6
      const speed = (total * 1000) / middle(seconds)
      console.log(
        `${who.padEnd(12)} median ${middle(seconds).toFixed(2)} s, least ${Math.min(...seconds).toFixed(2)} s, ${speed.toFixed(0)} MB/s, ${middle(list.map(t => t.cpu)).toFixed(2)} s of CPU, peak ${peak.toFixed(0)} MB`,
      )
    }
    for (const kind of ['gcs', 's3'] as const) {
      const ratio = (of: (told: Told) => number): string => {
        const [client, ours] = (['client', 'ours'] as const).map(who =>
          middle((results.get(`${kind} ${who}`) ?? []).map(of)),
        )
        return ((client as number) / (ours as number)).toFixed(2)
      }
      console.log(
        `${kind}: ${ratio(t => t.seconds)} of the client's own speed, ${ratio(t => t.cpu)} by CPU time`,
      )
    }
  } finally {
    await Promise.all(Object.values(servers).map(s => s.stop()))
    rmSync(folder, { recursive: true })
  }
}

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '50' },
    mb: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '5' },
    who: { type: 'string' },
    folder: { type: 'string', default: '' },
    to: { type: 'string', default: '' },
  },
})
const files = Number(values.files)
if (values.who !== undefined)
  await contest(values.who as Contestant, values.folder, { files, to: values.to })
else await compare({ files, mb: Number(values.mb), rounds: Number(values.rounds) })
