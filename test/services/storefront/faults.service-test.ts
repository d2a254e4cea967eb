/** The main line through seeded faults of all four services at once. MILLRACE_FAULT_SEEDS: how many. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shopOf } from '../../../pipelines/storefront/generate/index.ts'
import { wayTo } from '../matrix/matrix.ts'
import { needs } from '../services.ts'
import { Life } from './life.ts'
import type { Servers } from './world.ts'

const SEEDS = Number(process.env['MILLRACE_FAULT_SEEDS'] ?? 2)

test('through faults of all four services the tables are the same', async t => {
  if (!needs(t, 'bigquery', 's3', 'mongo')) return
  const life = await Life.start(shopOf(120))
  t.after(() => life.stop())
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { world } = life
    await life.next()
    const way = await wayTo({ servers: { ...world.servers, bigquery: world.emulator } }, seed)
    try {
      const began = performance.now()
      const { code, err } = await life.run(way.through as Servers).ended
      const told = `seed ${seed}\n${way.told()}`
      assert.equal(code, 0, `${told}\n${err}`)
      assert.deepEqual(await world.differences(life.hour), [], told)
      assert.deepEqual(await life.leftovers(), [], told)
      assert.deepEqual(way.gcs?.uploads ?? [], [], `${told}\nuploads are left over`)
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      t.diagnostic(`seed ${seed}: ${way.faults()} faults, ${seconds} s`)
    } finally {
      await way.stop()
    }
  }
})
