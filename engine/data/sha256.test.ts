/** SHA-256 against Node's, over all lengths about a block's and random ones, bytes and text. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { sha256 } from './sha256.ts'

const theirs = (message: string | Uint8Array): string =>
  createHash('sha256').update(message).digest('hex')

test('all lengths to beyond four blocks', () => {
  for (let length = 0; length <= 260; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 131 + length) & 255)
    assert.equal(sha256(bytes), theirs(bytes), `${length} bytes`)
  }
})

test('random bytes and texts', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 5000 }), b => sha256(b) === theirs(b)))
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), s => sha256(s) === theirs(s)),
  )
  // A lone surrogate becomes U+FFFD in both.
  assert.equal(sha256('a\ud800b'), theirs('a\ud800b'))
})

test('a view into a larger buffer', () => {
  const bytes = new Uint8Array(1000).map((_, i) => i)
  assert.equal(sha256(bytes.subarray(3, 777)), theirs(bytes.subarray(3, 777)))
})
