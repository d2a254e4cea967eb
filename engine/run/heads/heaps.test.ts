import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Heaps } from './heaps.ts'

test('each heap keeps its best rows and gives them in order', () => {
  const offers = fc.array(fc.record({ key: fc.nat(300), value: fc.nat(20) }), { maxLength: 600 })
  fc.assert(
    fc.property(offers, fc.integer({ min: 1, max: 9 }), (offered, most) => {
      const order = (a: number, b: number) =>
        (offered[a]?.value as number) - (offered[b]?.value as number) || a - b
      // As in a store, a better row takes the place of the worst one.
      const places: number[] = []
      const heaps = new Heaps(most, (a, b) => order(places[a] as number, places[b] as number))
      const expected = new Map<number, number[]>()
      heaps.reserve(301)
      offered.forEach(({ key }, row) => {
        expected.set(key, [...(expected.get(key) ?? []), row])
        if ((heaps.sizes[key] as number) < most) heaps.add(key, places.push(row) - 1)
        else if (order(row, places[heaps.worst(key)] as number) < 0) {
          places[heaps.worst(key)] = row
          heaps.sink(key)
        }
      })
      for (const [key, rows] of expected) {
        const best = rows.sort(order).slice(0, most)
        const out = new Int32Array(best.length)
        assert.equal(heaps.sizes[key], best.length)
        heaps.drain(key, out)
        assert.deepEqual(
          [...out].map(place => places[place]),
          best,
        )
      }
    }),
  )
})
