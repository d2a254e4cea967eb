/** Runs that write to object stores and cannot: what the command says, and what it leaves; and runs taken up. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { reportOf, start } from '../../faults/command.ts'
import { needs } from '../services.ts'
import { bucketOn, folder, KINDS, namesIn, serviceOf } from './buckets.ts'
import { linesIn } from './lines.ts'
import { filesIn, objectsIn, sorted } from './standing.ts'
import { watching } from './watching.ts'

let input = ''
const words = (output: string, ...more: readonly string[]): string[] => [
  ...['run', 'test/services/objects/outputs-pipeline.ts', '--input', input, '--output', output],
  ...more,
]

before(() => {
  input = linesIn(join(folder(), 'lines'), { rows: 4000, files: 2 })
})

for (const kind of KINDS) {
  const scheme = kind === 'gcs' ? 'gs' : 's3'

  test(`${kind}: a bucket that is not there is told before anything is read, with the line of the pipeline`, async t => {
    if (!needs(t, kind)) return
    await bucketOn(kind, 'there')
    const { code, err } = await start(words(`${scheme}://nowhere-at-all/out`)).ended
    assert.equal(code, 1)
    assert.match(
      err,
      /nowhere-at-all\/out\/.* cannot be (?:listed|read|written): there is no such bucket/,
    )
    assert.match(err, /at +test\/services\/objects\/outputs-pipeline\.ts:\d+/)
    assert.match(err, /answered +404/)
    assert.match(err, /hint +check the name of the bucket/)
  })

  test(`${kind}: no permission to write says which one is missing`, async t => {
    if (!needs(t, kind)) return
    const { env } = await serviceOf(kind)
    const { code, err } = await start(words(`${scheme}://theirs/out`), {
      ...env,
      ...(await refusing(kind)),
    }).ended
    assert.equal(code, 1)
    assert.match(err, /theirs\/out\/.* cannot be written: permission is denied/)
    const right =
      kind === 'gcs' ? /hint +grant storage\.objects\.create/ : /hint +grant s3:PutObject/
    assert.match(err, right)
  })

  test(`${kind}: a run that died once all was sent is taken up, and sends no file again`, async t => {
    if (!needs(t, kind)) return
    const out = `${await bucketOn(kind, 'resumed')}/out`
    const local = join(folder(), `local-${kind}`)
    assert.equal((await start(words(local)).ended).code, 0)
    const { uri } = await serviceOf(kind)
    const commits = kind === 'gcs' ? /rewriteTo/ : /uploadId=[^&]*$/
    const sends = kind === 'gcs' ? /uploadType=(?:multipart|resumable)/ : /partNumber=/
    let [sent, killing] = [0, true]
    const proxy = await watching(uri, ({ method, url }) => {
      if (sends.test(url)) sent++
      if (!killing || method !== 'POST' || !commits.test(url)) return true
      process.kill(-(dying.child.pid as number), 'SIGKILL')
      return false
    })
    const env = kind === 'gcs' ? { STORAGE_EMULATOR_HOST: proxy } : { AWS_ENDPOINT_URL_S3: proxy }
    const scratch = join(folder(), `scratch-${kind}`)
    const kept = ['--scratch', scratch, '--checkpoint-after', '0', '--json']
    const dying = start(words(out, ...kept), env)
    await dying.ended
    killing = false
    assert.ok(sent >= 10, `${sent} sent`)
    sent = 0
    const answer = await start(words(out, ...kept, '--resume'), env).ended
    assert.equal(answer.code, 0, answer.err)
    assert.equal(sent, 0, 'no file is sent again')
    const report = reportOf(answer)
    const files = report.outputs.reduce((sum, o) => sum + o.files, 0)
    assert.equal(report.resumed?.files, files)
    assert.deepEqual(sorted(await objectsIn(out)), sorted(filesIn(local)))
    const hidden = (await namesIn(`${out}/`)).filter(n => n.includes('_millrace/'))
    assert.deepEqual(hidden, [])
  })
}

test('s3: a wrong secret is told as that', async t => {
  if (!needs(t, 's3')) return
  const bucket = await bucketOn('s3', 'there')
  const wrong = { AWS_SECRET_ACCESS_KEY: 'not-the-secret' }
  const { code, err } = await start(words(`${bucket}/wrong`), wrong).ended
  assert.equal(code, 1)
  assert.match(err, /the access key is not accepted/)
  assert.doesNotMatch(err, /not-the-secret/)
})

test('a web server and a whole bucket are no outputs', async () => {
  for (const [output, said] of [
    ['https://host/out', /cannot be written to/],
    ['gs:///out', /names no bucket/],
    ['gs://user:password@bucket/out', /credentials come from the client's own chain/],
  ] as const) {
    const { code, err } = await start(words(output)).ended
    assert.equal(code, 2, err)
    assert.match(err, said)
    assert.doesNotMatch(err, /password@/)
  }
})

/** The listing of an empty bucket. */
const NOTHING = {
  gcs: '{"items":[]}',
  s3: '<?xml version="1.0"?><ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>',
}

/** A service that has nothing and lets nobody write, as the references of the two say it. */
async function refusing(kind: (typeof KINDS)[number]): Promise<NodeJS.ProcessEnv> {
  const denied = 'user@project does not have storage.objects.create access to the object.'
  const answers = {
    gcs: (code: number) =>
      JSON.stringify({ error: { code, message: denied, errors: [{ reason: 'forbidden' }] } }),
    s3: (code: number) =>
      `<?xml version="1.0"?><Error><Code>${code === 403 ? 'AccessDenied' : 'NoSuchKey'}</Code><Message>Access Denied</Message></Error>`,
  }
  const server = createServer((asked, answer) => {
    asked.resume()
    const reads = asked.method === 'GET' || asked.method === 'HEAD'
    const lists = reads && /[?&](?:prefix|list-type)=/.test(asked.url ?? '')
    const code = lists ? 200 : reads ? 404 : 403
    const type = kind === 'gcs' ? 'application/json' : 'application/xml'
    const text = lists ? NOTHING[kind] : answers[kind](code)
    asked.on('end', () => answer.writeHead(code, { 'content-type': type }).end(text))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return kind === 'gcs' ? { STORAGE_EMULATOR_HOST: uri } : { AWS_ENDPOINT_URL_S3: uri }
}
