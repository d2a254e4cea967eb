/** A hundred services that misbehave, each in its own way: the same rows from all of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTroubled } from './testing/paged.ts'
import { TROUBLES } from './testing/service.ts'

const SEEDS = 100
const AT_ONCE = 20

test('the same rows, whatever went wrong on the way', async () => {
  const made = new Map<string, number>()
  for (let first = 1; first <= SEEDS; first += AT_ONCE) {
    const seeds = Array.from({ length: AT_ONCE }, (_, i) => 1000 + first + i)
    for (const trouble of (await Promise.all(seeds.map(readTroubled))).flat())
      made.set(trouble, (made.get(trouble) ?? 0) + 1)
  }
  for (const trouble of TROUBLES) assert.ok((made.get(trouble) ?? 0) >= 20, trouble)
})
