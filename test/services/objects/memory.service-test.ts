/** Fifty uploads under way at once, to a store that is slow to answer, within the memory of the run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportOf, start } from '../../faults/command.ts'
import { needs } from '../services.ts'
import { bucketOn, KINDS, namesIn, serviceOf } from './buckets.ts'
import { watching } from './watching.ts'

/** What the process may take beside `--memory`. */
const BESIDE_BYTES = 256e6
const FILES = 60
const HOLD_MS = 20_000

for (const kind of KINDS)
  test(`${kind}: fifty uploads under way within --memory 512MB`, async t => {
    if (!needs(t, kind)) return
    const bucket = await bucketOn(kind, 'memory')
    const { uri } = await serviceOf(kind)
    const sends = /uploadType=(?:multipart|resumable)|partNumber=/
    const held = { holdMs: ({ url }: { url: string }) => (sends.test(url) ? HOLD_MS : 0), most: 0 }
    const proxy = await watching(uri, () => true, held)
    const env = kind === 'gcs' ? { STORAGE_EMULATOR_HOST: proxy } : { AWS_ENDPOINT_URL_S3: proxy }
    const words = ['run', 'test/services/objects/wide-pipeline.ts', '--output', `${bucket}/out`]
    const answer = await start([...words, '--memory', '512MB', '--json'], env).ended
    assert.equal(answer.code, 0, answer.err)
    const { peakRssBytes = Infinity, outputs } = reportOf(answer)
    const shown = `peak ${(peakRssBytes / 1e6).toFixed(0)} MB, ${held.most} requests held at once`
    t.diagnostic(
      `${shown}, ${((outputs[0]?.bytes ?? 0) / 1e6).toFixed(0)} MB in ${outputs[0]?.files} files`,
    )
    assert.equal((await namesIn(`${bucket}/out/wide/`, false)).length, FILES)
    assert.ok(held.most >= 45, shown)
    assert.ok(peakRssBytes < 512e6 + BESIDE_BYTES, shown)
  })
