/** A dictionary's codes do not tell whether the kernel or the rule made them, nor who had the table before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ValueDictionary } from './value-dictionary.ts'

/** Pages of two dictionaries in turns; words of few values, so that they repeat. */
const pages = fc.array(
  fc.record({
    which: fc.nat(1),
    rows: fc.nat(120),
    values: fc.constantFrom(2, 7, 1000),
    clear: fc.boolean(),
  }),
  { maxLength: 12 },
)

for (const lanes of [1, 2, 4] as const)
  test(`values of ${lanes} words: kernel and rule give the same codes and words`, () => {
    fc.assert(
      fc.property(pages, fc.nat(), (list, seed) => {
        let state = seed | 0
        const next = (below: number) => {
          state = (Math.imul(state, 1664525) + 1013904223) | 0
          return ((state >>> 8) % below) - 1
        }
        // The mixed ones have pages of both ways.
        const by = (rowsMin: number) => [0, 1].map(() => new ValueDictionary(lanes, rowsMin))
        const [kernel, mixed, rule] = [by(0), by(60), by(Number.POSITIVE_INFINITY)]
        for (const { which, rows, values, clear } of list) {
          const page = Int32Array.from({ length: rows * lanes }, () => next(values))
          const codes = [kernel, mixed, rule].map(dictionaries => {
            const dictionary = dictionaries[which] as ValueDictionary
            if (clear) dictionary.clear()
            const out = new Int32Array(rows)
            dictionary.encode(page, rows, out)
            return { out, words: dictionary.words.slice(0, dictionary.count * lanes) }
          })
          assert.deepEqual(codes[0], codes[2])
          assert.deepEqual(codes[1], codes[2])
        }
      }),
      { numRuns: 150 },
    )
  })
