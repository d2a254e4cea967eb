/** File sinks in object stores, by the command: the same bytes as in local folders, all at once or not at all. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { reportOf, start } from '../../faults/command.ts'
import { needs } from '../services.ts'
import { storeOf } from '../../../transforms/io/objects/store-of.ts'
import { bucketOn, folder, KINDS, namesIn } from './buckets.ts'
import { linesIn } from './lines.ts'
import { filesIn, objectsIn, sorted } from './standing.ts'

const module = 'test/services/objects/outputs-pipeline.ts'
const OUTPUTS = ['rejects #1', 'days?', '50% ä', 'cities']
let input = ''

interface Manifest {
  readonly objects: readonly { name: string; bytes: number; rows: number; version: string }[]
}

/** Runs the pipeline; extra words are options. */
async function run(output: string, ...more: readonly string[]) {
  const words = ['run', module, '--input', input, '--output', output, '--json', ...more]
  return start(words).ended
}

const local = join(folder(), 'local')

before(async () => {
  input = linesIn(join(folder(), 'lines'), { rows: 20_000, files: 3 })
  const { code, err } = await run(local)
  assert.equal(code, 0, err)
})

for (const kind of KINDS) {
  test(`${kind}: every format, byte for byte as in a local folder, and a manifest that says so`, async t => {
    if (!needs(t, kind)) return
    const out = `${await bucketOn(kind, 'formats')}/a b`
    const answer = await run(out)
    assert.equal(answer.code, 0, answer.err)
    assert.deepEqual(sorted(await objectsIn(out)), sorted(filesIn(local)))
    const store = await storeOf(out)
    for (const name of OUTPUTS) {
      const manifest = await store.get(`${out}/${name}/_millrace_manifest.json`)
      const { objects } = JSON.parse(Buffer.from(manifest?.bytes ?? []).toString()) as Manifest
      const standing = (await namesIn(`${out}/${name}/`)).filter(
        n => n.startsWith('part-') || n.includes('/part-'),
      )
      assert.deepEqual(objects.map(o => o.name).sort(), standing.sort())
      for (const o of objects) {
        const found = await store.stat(`${out}/${name}/${o.name}`)
        assert.deepEqual([found?.bytes, found?.version], [o.bytes, o.version])
      }
      const written = reportOf(answer).outputs.find(w => w.uri === `${out}/${name}`)
      assert.equal(
        objects.reduce((sum, o) => sum + o.rows, 0),
        written?.rows,
      )
    }
    const hidden = (await namesIn(`${out}/`)).filter(n => n.includes('_millrace/'))
    assert.deepEqual(hidden, [])
  })

  test(`${kind}: an output that exists is refused, and replaced where that is asked for`, async t => {
    if (!needs(t, kind)) return
    const out = `${await bucketOn(kind, 'again')}/out`
    assert.equal((await run(out, '--wave', '3')).code, 0)
    const before = await objectsIn(out)
    const refused = await run(out)
    assert.equal(refused.code, 1)
    assert.match(reportOf(refused).error?.message ?? '', /output .*rejects #1 exists/)
    assert.deepEqual(await objectsIn(out), before)
    assert.equal((await run(out, '--overwrite')).code, 0)
    assert.deepEqual(sorted(await objectsIn(out)), sorted(filesIn(local)))
    // The same once more: other names, the same bytes, and nothing of the one before.
    const names = await namesIn(`${out}/`)
    assert.equal((await run(out, '--overwrite')).code, 0)
    assert.deepEqual(sorted(await objectsIn(out)), sorted(filesIn(local)))
    assert.notDeepEqual(await namesIn(`${out}/`), names)
  })
}
