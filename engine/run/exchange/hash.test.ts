import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dense } from '../../data/batch.ts'
import { newColumn } from '../../data/column.ts'
import { schema, t } from '../../data/schema.ts'
import { hashPartition, keyHasher } from './hash.ts'
import { batchesOf, cell, kinds, plans } from './random-batches.ts'

const hashesOf = (values: number[]) => {
  const s = schema({ a: t.float64.nullable })
  const column = newColumn(t.float64.nullable, values.length)
  values.forEach((v, i) => {
    column.values[i] = v
    ;(column.valid as Uint8Array)[i] = 1
  })
  ;(column.valid as Uint8Array)[values.length - 1] = 0
  const hashes = new Int32Array(values.length)
  keyHasher(s, ['a'])(dense(s, [column], values.length), hashes)
  return hashes
}

test('-0 is 0, every NaN is one, null is neither', () => {
  const other = new Float64Array(new BigUint64Array([0x7ff8000000000123n]).buffer)[0] as number
  const [zero, negative, nan, otherNan, none] = hashesOf([0, -0, NaN, other, 0])
  assert.equal(zero, negative)
  assert.equal(nan, otherNan)
  assert.notEqual(zero, none)
  assert.notEqual(nan, none)
})

test('equal keys have equal hashes, whatever dictionary their text is in', () => {
  fc.assert(
    fc.property(kinds, kinds, plans, (a, b, planned) => {
      const s = schema({ a, b })
      const hasher = keyHasher(s, ['b', 'a'])
      const known = new Map<string, number>()
      for (const sharing of ['same', 'fresh', 'plain'] as const)
        for (const batch of batchesOf(s, planned, sharing)) {
          const hashes = new Int32Array(batch.selected)
          hasher(batch, hashes)
          hashes.forEach((hash, k) => {
            const i = batch.selection?.[k] ?? k
            const key = batch.columns.map(c => c && cell(c, i).replace('-0', '0')).join(' ')
            if (/(^| )0( |$)|NaN/.test(key)) return
            assert.equal(known.get(key) ?? hash, hash, key)
            known.set(key, hash)
          })
        }
    }),
    { numRuns: 100 },
  )
})

test('consecutive integers spread evenly by their top bits and by their low bits', () => {
  const rows = 1 << 16
  const s = schema({ a: t.int32, b: t.timestamp })
  const [a, b] = [newColumn(t.int32, rows), newColumn(t.timestamp, rows)]
  for (let i = 0; i < rows; i++) {
    a.values[i] = i
    b.values[i] = i * 86_400_000_000
  }
  for (const key of ['a', 'b']) {
    const hashes = new Int32Array(rows)
    const batch = dense(s, [a, b], rows)
    keyHasher(s, [key])(batch, hashes)
    const parts = new Int32Array(rows)
    hashPartition(keyHasher(s, [key]), 16)(batch, parts)
    for (const part of [parts, hashes.map(h => h & 15), hashes.map(h => h >>> 28)]) {
      const counts = new Int32Array(16)
      for (const p of part) counts[p] = (counts[p] as number) + 1
      for (const count of counts) assert.ok(Math.abs(count - rows / 16) < 400, `${key}: ${counts}`)
    }
    assert.ok(new Set(hashes).size > rows - 20)
    assert.deepEqual(
      parts,
      hashes.map(h => h >>> 28),
    )
  }
})
