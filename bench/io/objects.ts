/**
 * CSV in an object store → Parquet, beside the same files on disk: case (c) of the bench, the packaged
 * build, each run a process of its own. Bound: beside the reader's work the bytes must be received, and
 * the server, which has the same cores, must send them. Both are shown: the server's processor time
 * while a run lasts, and the plain client fetching the same objects without doing anything with them.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { engineEnv } from '../../cli/engine-env.ts'
import { type Bucket, bucketOn } from '../../test/services/bucket.ts'
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

const ROWS = 2_000_000
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
  const words = ['--input', who.input, '--output', output, '--workers', '2', '--overwrite']
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
      what: `CSV on ${who.name} → Parquet, speed beside disk, ${measure}`,
      ours: secondsText(ours),
      theirs: secondsText(theirs),
      figure: median(theirs) / median(ours),
      aim: { least: RATIO_MIN },
    }
  }
  return [compared('seconds', 'wall'), compared('cpu', 'CPU')]
}

function noteOf(who: Contestant, bytes: number): string {
  const plain = who.plain.map(p => p.seconds)
  const speed = (bytes / 1e6 / median(plain)).toFixed(0)
  const client = `the plain client takes ${secondsText(plain)}, ${median(who.plain.map(p => p.cpu)).toFixed(2)} s of CPU, to receive the same ${(bytes / 1e6).toFixed(0)} MB (${speed} MB/s)`
  return `${who.name}: while a run lasts its server takes ${secondsText(who.server)} of CPU from the same cores; ${client}`
}

export const objects: Comparison = {
  servers: ['gcs', 's3'],
  async run(o) {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-io-'))
    const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    process.once('exit', remove)
    const set = inputSet(folder, Math.round(ROWS * o.scale))
    const { input } = await inputsOf(set, 'csv')
    const bytes = readdirSync(dirname(input)).reduce(
      (sum, file) => sum + readFileSync(join(dirname(input), file)).length,
      0,
    )
    const all = await contestants(input)
    try {
      await rounds(all, o, folder)
    } finally {
      await Promise.all(all.map(({ bucket }) => bucket?.service.stop()))
    }
    const [disk, ...remote] = all as [Contestant, ...Contestant[]]
    return {
      findings: remote.flatMap(who => findingsOf(disk, who)),
      notes: remote.map(who => noteOf(who, bytes)),
    }
  },
}
