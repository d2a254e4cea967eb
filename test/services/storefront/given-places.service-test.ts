/** The demo at places that are there already, as a project has them: it starts no server, and wants them empty. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { shopOf } from '../../../pipelines/storefront/generate/index.ts'
import { needs } from '../services.ts'
import { World } from './world.ts'

const DEMO = join(import.meta.dirname, 'demo.ts')

test('the demo runs on places that are given, once', { timeout: 300_000 }, async t => {
  if (!needs(t, 'bigquery', 's3', 'mongo')) return
  const world = await World.start(shopOf(120))
  t.after(() => world.stop())
  const given = Object.entries(world.places).flatMap(([name, uri]) => [`--${name}`, uri])
  const demo = async (...words: readonly string[]) => {
    const args = ['--conditions=millrace-source', DEMO, ...words, '2', '120']
    const child = spawn(process.execPath, args, { env: { ...process.env, ...world.env } })
    const [out, err] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ])
    return { code: child.exitCode, out, err }
  }
  const part = await demo(...given.slice(0, 4))
  assert.match(part.err, /give --warehouse and --rejects too/)
  const first = await demo(...given)
  assert.equal(first.code, 0, first.err)
  assert.equal(first.err.match(/all tables are as the generator knows/g)?.length, 2)
  assert.match(first.out, /category +revenue +units/)
  const second = await demo(...given)
  assert.equal(second.code, 1)
  assert.match(
    second.err,
    /database has \d+ documents.*\n.*storefront has \d+ tables: the shop opens anew/,
  )
  assert.match(second.err, /s3:\/\/shop-files\/files has files/)
})
