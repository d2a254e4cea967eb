/**
 * What is nobody else's business: spill files are the user's alone, secrets in addresses and parameters
 * reach no output of the command, and a link in an output folder leads no write elsewhere.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { runPipeline } from '../../engine/run/run.ts'
import { command, file, moduleOf, workFolder } from './command.ts'
import bulky from './pipelines/bulky.ts'

const folder = workFolder('private')
const lines = Array.from({ length: 30_000 }, (_, i) => `${i},${Math.imul(i, 2654435761) >>> 0}\n`)
const input = file(folder, 'in.csv', `id,text\n${lines.join('')}`)

test('files and folders of a run’s scratch are the user’s alone, whatever the umask', async () => {
  const [scratch, output] = [join(folder, 'scratch'), join(folder, 'out')]
  mkdirSync(scratch)
  const umask = process.umask(0)
  const modes = new Map<string, number>()
  const look = (): void => {
    for (const entry of readdirSync(scratch, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      modes.set(path, statSync(path).mode & 0o777)
    }
  }
  try {
    const { status, error } = await runPipeline({
      pipeline: bulky,
      params: { input, output },
      scratch,
      operatorBytes: 50_000,
      arenaBytes: 1,
      partitions: 3,
      watch: { stageEnded: look, publishing: look },
    })
    assert.equal(status, 'done', String(error?.message))
  } finally {
    process.umask(umask)
  }
  const spills = [...modes].filter(([path]) => path.endsWith('.spill'))
  assert.ok(spills.length > 0)
  for (const [path, mode] of spills) assert.equal(mode, 0o600, path)
  const own = [...modes].filter(([path]) => /\/millrace-[0-9a-f]{16}$/.test(path))
  assert.deepEqual(
    own.map(([, mode]) => mode),
    [0o700],
  )
})

describe('secrets', { concurrency: 2 }, () => {
  const [USER, PASSWORD, TOKEN] = ['AKIAEXAMPLE', 'p4ssw0rd', 't0k3n-value']
  const secretive = moduleOf('secretive.ts')
  const address = `s3://${USER}:${PASSWORD}@bucket/in.csv?X-Amz-Signature=${TOKEN}&part=1`
  const local = `${input}`
  // biome-ignore format: a case a line
  const cases: Readonly<Record<string, readonly string[]>> = {
    'an address that is refused': ['run', secretive, '--mode', 'plain', '--input', address, '--output', join(folder, 'a')],
    'an output that is refused': ['run', secretive, '--mode', 'plain', '--input', local, '--output', address],
    'a warehouse that is not known': ['run', secretive, '--mode', 'table', '--input', local, '--output', `bigquery://${USER}:${PASSWORD}@project?token=${TOKEN}`],
    'a warehouse with a query': ['run', secretive, '--mode', 'table', '--input', local, '--output', `duckdb:${folder}/none/../\0/x.duckdb?password=${PASSWORD}`],
    'explain': ['explain', secretive, '--mode', 'plain', '--input', address, '--output', join(folder, 'b'), '--apiToken', TOKEN],
    'explain of a plan that is built': ['explain', secretive, '--mode', 'plain', '--input', local, '--output', join(folder, 'b'), '--apiToken', TOKEN],
    'a function’s own message': ['run', secretive, '--mode', 'throws', '--input', local, '--output', join(folder, 'c'), '--apiToken', TOKEN],
    'the command that is shown when the process dies': ['run', secretive, '--mode', 'exit', '--input', address, '--output', join(folder, 'd'), '--apiToken', TOKEN],
    'the same, with =': ['run', secretive, '--mode', 'exit', `--input=${address}`, '--output', join(folder, 'e'), `--apiToken=${TOKEN}`],
    'wrong use': ['run', secretive, address, '--apiToken', TOKEN],
    'a run that ends well': ['run', secretive, '--mode', 'plain', '--input', local, '--output', join(folder, 'f'), '--apiToken', TOKEN],
  }
  const well = /ends well|^explain/
  for (const [name, words] of Object.entries(cases))
    test(name, async () => {
      const of = words.map(word => word.replace('\0', ''))
      // As JSON it says everything, and a fault also as text.
      const json = words[0] === 'run' && !well.test(name) ? ['--json'] : []
      const { code, out, err } = await command(...of, ...json)
      const said = out + err
      for (const secret of [USER, PASSWORD, TOKEN])
        assert.ok(!said.includes(secret), `${secret} in ${said}`)
      if (name !== 'a warehouse with a query') assert.equal(code === 0, well.test(name), said)
      assert.ok(said.length > 20)
    })
})

test('links in an output folder lead nowhere: what they point to stays as it is', async () => {
  const [output, elsewhere] = [join(folder, 'linked'), join(folder, 'elsewhere')]
  for (const each of [output, elsewhere]) mkdirSync(each)
  writeFileSync(join(elsewhere, 'part-00000.ndjson'), 'precious')
  // The output is a link, and so is a folder inside another one, and the place where a run would build.
  symlinkSync(elsewhere, join(output, 'ids'))
  mkdirSync(join(output, 'rows'))
  symlinkSync(join(elsewhere, 'part-00000.ndjson'), join(output, 'rows', 'part-00000.parquet'))
  symlinkSync(elsewhere, join(output, 'rows', 'more'))
  const params = { input, output }
  const { status, error } = await runPipeline({ pipeline: bulky, params, overwrite: true })
  assert.equal(status, 'done', String(error?.message))
  assert.deepEqual(readdirSync(elsewhere), ['part-00000.ndjson'])
  assert.equal(readFileSync(join(elsewhere, 'part-00000.ndjson'), 'utf8'), 'precious')
  assert.deepEqual(readdirSync(join(output, 'rows')), ['part-00000.parquet'])
  assert.ok(statSync(join(output, 'ids', 'part-00000.ndjson')).size > 1000)
})
