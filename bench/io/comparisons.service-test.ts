/** Each comparison of connectors runs, its contestants have equal answers; what it measures is not looked at. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needs } from '../../test/services/services.ts'
import { COMPARISONS } from './comparisons.ts'

// The comparison of memory is a test of the object stores.
for (const [name, load] of Object.entries(COMPARISONS).filter(([name]) => name !== 'memory'))
  test(`${name}: small, one round`, async t => {
    const comparison = await load()
    if (!comparison.servers.every(server => needs(t, server))) return
    const { findings } = await comparison.run({
      rounds: 1,
      scale: 0.01,
      say: line => t.diagnostic(line),
    })
    assert.ok(findings.length > 0)
    for (const { what, figure } of findings) assert.ok(figure > 0, what)
  })
