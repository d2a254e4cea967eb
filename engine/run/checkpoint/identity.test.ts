/** The hash of a run's splits tells any two cuts apart, whatever their details hold. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Split } from '../../io/source.ts'
import { hashOfSplits } from './identity.ts'

const split = (detail: unknown, start = 0): Split => ({ uri: 'a', start, end: 9, bytes: 9, detail })
const hash = (...splits: Split[]) => hashOfSplits(new Map([[0, splits]]))

test('splits that differ have another hash, the same ones the same', () => {
  const details = [
    undefined,
    { last: 1n },
    { last: 2n },
    { last: '1' },
    { of: new Map([['a', 1]]) },
    { of: new Map([['a', 2]]) },
    { of: new Set([1]) },
    { key: Uint8Array.of(1, 2) },
    { key: Uint8Array.of(1, 3) },
    { parts: [split(null)] },
    { parts: [split(null), split(null)] },
  ]
  const hashes = details.map(detail => hash(split(detail)))
  assert.equal(new Set(hashes).size, details.length)
  details.forEach((detail, i) => assert.equal(hash(split(detail)), hashes[i]))
  assert.notEqual(hash(split(1), split(2)), hash(split(2), split(1)))
  assert.notEqual(hash(split(1, 0)), hash(split(1, 1)))
  assert.notEqual(hashOfSplits(new Map([[1, [split(1)]]])), hash(split(1)))
})
