/** `millrace check` of each system on its real server: one command for all, and one for what is not there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { command, start } from '../test/faults/command.ts'
import { needs, type Service, serverOf, type ServerName } from '../test/services/services.ts'

type Uris = (service: Service) => {
  readonly good: string
  readonly bad: string
  readonly says: RegExp
}

const SYSTEMS: readonly (readonly [name: ServerName, uris: Uris])[] = [
  [
    'postgres',
    ({ uri }) => ({
      good: uri,
      bad: uri.replace(/[^/]*$/, 'nowhere'),
      says: /connect[\s\S]*nowhere/,
    }),
  ],
  [
    's3',
    () => ({
      good: 's3://check-it/out',
      bad: 's3://check-nothing/out',
      says: /NoSuchBucket|not exist/,
    }),
  ],
]

for (const [name, uris] of SYSTEMS)
  test(`${name}: what works and what is missing, and the command ends`, async t => {
    if (!needs(t, name)) return
    const service = await serverOf(name)
    if (name === 's3')
      (await import('node:fs')).mkdirSync(`${service.folder}/check-it`, { recursive: true })
    const { good, bad, says } = uris(service)
    const begun = performance.now()
    const well = await start(['check', good], service.env).ended
    assert.equal(well.code, 0, well.out + well.err)
    assert.match(well.out, /\n {2}ok {7}\S/)
    const ill = await start(['check', bad], service.env).ended
    assert.equal(ill.code, 1, ill.out + ill.err)
    assert.match(ill.out, says)
    assert.match(ill.out, /\n {11}hint {6}\S/)
    assert.ok(performance.now() - begun < 60_000, 'something kept the command from ending')
  })

test('a server that does not answer is given up', async () => {
  const { code, out } = await command('check', 'http://192.0.2.1/x', '--timeout', '2s')
  assert.equal(code, 1)
  assert.match(out, /missing/)
})
