/** A bound equals the stored value that a lambda sees as that number. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newColumn } from './column.ts'
import { t } from './schema.ts'
import { storedBound } from './stored-bound.ts'
import { readValue } from './value.ts'

const seen = (kind: typeof t.timestamp, stored: number): number => {
  const column = newColumn(kind, 1)
  column.values[0] = stored
  return readValue(column, 0) as number
}

test('microseconds', () => {
  assert.equal(storedBound(t.timestamp, 1.001), 1001)
  assert.equal(storedBound(t.timestamp, 1.0015), 1001.5)
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), stored => {
      assert.equal(storedBound(t.timestamp, seen(t.timestamp, stored)), stored)
    }),
    { numRuns: 5000 },
  )
})

test('decimals of up to 15 digits', () => {
  assert.equal(storedBound(t.decimal(10, 2), 0.1 + 0.2), 30)
  for (const scale of [0, 2, 7, 15])
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 15) + 1, max: 10 ** 15 - 1 }), stored => {
        const kind = t.decimal(15, scale)
        assert.equal(storedBound(kind, seen(kind as never, stored)), stored)
      }),
      { numRuns: 2000 },
    )
})
