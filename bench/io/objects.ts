/**
 * CSV in an object store → Parquet, beside the same files on disk: case (c) of the bench, the packaged
 * build, each run a process of its own, with a worker less than there are cores, since the server needs
 * one. Bound: the bytes must be received, and held against the service's checksum, which disks have not.
 * Both are shown: the plain client fetching the same objects without doing anything with them, and the
 * checksum alone; also the server's processor time while a run lasts.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { engineEnv } from '../../cli/engine-env.ts'
import { type Bucket, bucketOn } from '../../test/services/bucket.ts'
import { crc32c } from '../../transforms/io/objects/crc32c.ts'
import { ask } from '../answers.ts'
import c from '../cases/c-write.ts'
import { type Installed, install } from '../contestants/installed.ts'
import { inputSet, inputsOf } from '../inputs.ts'
import { treeSeconds } from '../measure/process-tree.ts'
import {
  type Comparison,
  type Finding,
  median,
  secondsText,
  type Settings,
  type Taken,
  timed,
} from './comparison.ts'

const ROWS = 8_000_000
const WORKERS = Math.max(1, availableParallelism() - 1)
const RATIO_MIN = 0.8
const PLAIN = join(import.meta.dirname, 'plain-download.ts')

/** Where the same files are read from, and what that took. */
interface Contestant {
  readonly name: string
  readonly input: string
  /** Null: on disk. */
  readonly bucket: Bucket | null
  readonly runs: Taken[]
  readonly plain: Taken[]
  /** Processor seconds of the server in each run. */
  readonly server: number[]
}

async function contestants(files: string): Promise<Contestant[]> {
  const made = (name: string, input: string, bucket: Bucket | null): Contestant => ({
    ...{ name, input, bucket },
    ...{ runs: [], plain: [], server: [] },
  })
  const remote = async (name: string, scheme: 'gs' | 's3') => {
    const bucket = await bucketOn(scheme)
    for (const file of readdirSync(dirname(files)))
      await bucket.put(`csv/${file}`, readFileSync(join(dirname(files), file)))
    return made(name, `${bucket.uri}/csv/${basename(files)}`, bucket)
  }
  return [made('disk', files, null), await remote('GCS', 'gs'), await remote('S3', 's3')]
}

async function once(who: Contestant, millrace: Installed, output: string): Promise<void> {
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output, { recursive: true })
  const pid = who.bucket?.service.pid
  const before = pid === undefined ? 0 : treeSeconds(pid)
  const pipeline = join(millrace.pipelines, 'c-write.ts')
  const words = ['--input', who.input, '--output', output, '--workers', `${WORKERS}`, '--overwrite']
  const taken = await timed([...millrace.command, pipeline, ...words], engineEnv({}))
  who.runs.push(taken)
  if (pid !== undefined) who.server.push(treeSeconds(pid) - before)
}

/** What all of them wrote is the same: rows and the hash of each. */
async function answersOf(output: string): Promise<unknown> {
  const { rows } = c.answers(output) as { rows: string }
  return ask(rows)
}

async function rounds(all: readonly Contestant[], o: Settings, folder: string): Promise<void> {
  const millrace = install(join(folder, 'app'))
  const output = join(folder, 'out')
  let first: unknown
  for (const who of all) {
    await once(who, millrace, output)
    const answer = await answersOf(output)
    first ??= answer
    assert.deepEqual(answer, first, `${who.name} answers otherwise than the files on disk`)
    who.runs.length = who.server.length = 0
  }
  for (let round = 0; round < o.rounds; round++)
    for (const who of all) {
      await once(who, millrace, output)
      if (who.bucket) who.plain.push(await timed(plainly(who.bucket)))
    }
}

const plainly = ({ uri }: Bucket): string[] => [
  '--conditions=millrace-source',
  PLAIN,
  `${uri}/csv/`,
]

function findingsOf(disk: Contestant, who: Contestant): Finding[] {
  const compared = (of: 'seconds' | 'cpu', measure: string): Finding => {
    const [ours, theirs] = [who.runs.map(r => r[of]), disk.runs.map(r => r[of])]
    return {
      what: `CSV on ${who.name} → Parquet, speed beside disk, ${WORKERS} worker${WORKERS === 1 ? '' : 's'}, ${measure}`,
      ours: secondsText(ours),
      theirs: secondsText(theirs),
      figure: median(theirs) / median(ours),
      aim: { least: RATIO_MIN },
    }
  }
  return [compared('seconds', 'wall'), compared('cpu', 'CPU')]
}

function noteOf(who: Contestant, files: readonly Buffer[]): string {
  const bytes = files.reduce((sum, file) => sum + file.length, 0)
  const plain = who.plain.map(p => p.seconds)
  const speed = (bytes / 1e6 / median(plain)).toFixed(0)
  const client = `the plain client takes ${secondsText(plain)}, ${median(who.plain.map(p => p.cpu)).toFixed(2)} s of CPU, to receive the same ${(bytes / 1e6).toFixed(0)} MB (${speed} MB/s)`
  const checksum = `${checksumSeconds(who, files).toFixed(2)} s of CPU`
  return `${who.name}: while a run lasts its server takes ${secondsText(who.server)} of CPU; the checksum alone takes ${checksum}; ${client}`
}

/** What the service keeps of each object: its CRC-32C, or the MD5 that an etag is. */
function checksumSeconds({ name }: Contestant, files: readonly Buffer[]): number {
  const digest = (file: Buffer) =>
    name === 'S3' ? createHash('md5').update(file).digest() : crc32c(file)
  digest(files[0] as Buffer)
  const began = process.cpuUsage()
  for (const file of files) digest(file)
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1e6
}

export const objects: Comparison = {
  servers: ['gcs', 's3'],
  async run(o) {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-io-'))
    const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    process.once('exit', remove)
    const set = inputSet(folder, Math.round(ROWS * o.scale))
    const { input } = await inputsOf(set, 'csv')
    const all = await contestants(input)
    try {
      await rounds(all, o, folder)
    } finally {
      await Promise.all(all.map(({ bucket }) => bucket?.service.stop()))
    }
    const [disk, ...remote] = all as [Contestant, ...Contestant[]]
    const files = readdirSync(dirname(input)).map(file => readFileSync(join(dirname(input), file)))
    return {
      findings: remote.flatMap(who => findingsOf(disk, who)),
      notes: remote.map(who => noteOf(who, files)),
    }
  },
}
