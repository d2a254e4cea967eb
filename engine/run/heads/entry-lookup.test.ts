/** Keys found by the entries of a dictionary are those found row by row. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Batch, dense } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { Pool } from '../../data/pool.ts'
import { schemaOf, t } from '../../data/schema.ts'
import { EntryLookup } from './entry-lookup.ts'
import { joinShape } from './join-shape.ts'
import { JoinTable } from './join-table.ts'
import { TextMap } from './text-store.ts'

const kind = t.utf8.nullable
const left = schemaOf([{ name: 'key', kind }])
const right = schemaOf([{ name: 'rkey', kind }])
const keys = { schema: left, keys: ['key'] }

/** Texts as a batch over a pool: a dictionary's entries, or an entry a row. */
function batchOf(texts: readonly (string | null)[], pool: Pool, schema = left): Batch {
  const values = Int32Array.from(texts, text => {
    const bytes = Buffer.from(text ?? '')
    return pool.unique ? pool.internString(text ?? '') : pool.append(bytes, 0, bytes.length)
  })
  const valid = Uint8Array.from(texts, text => Number(text !== null))
  const column: Column = { kind, values, valid, pool }
  return dense(schema, [column], texts.length)
}

function tableOf(texts: readonly (string | null)[]): JoinTable {
  const op = { kind: 'inner', leftKeys: ['key'], rightKeys: ['rkey'], right: [], hint: null }
  const node = { op, schema: left } as unknown as Parameters<typeof joinShape>[0]
  const table = new JoinTable(joinShape(node, { left, right, numbered: false }))
  table.add(batchOf(texts, new Pool(true), right))
  return table
}

const text = fc.option(fc.constantFrom('', 'a', 'b', 'é', 'long enough for words', 'c', 'd', 'e'))
const batch = fc.record({
  texts: fc.array(text, { maxLength: 30 }),
  // The dictionary goes on, or another comes, or the column goes on without one.
  pool: fc.constantFrom('same', 'same', 'other', 'plain'),
  every: fc.integer({ min: 1, max: 3 }),
})

test('by entry as by row, over growing and changing dictionaries', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 12 }), fc.array(batch), (stored, batches) => {
      const table = tableOf(stored)
      assert.equal(
        table.single,
        new Set(stored.filter(s => s !== null)).size === stored.filter(s => s !== null).length,
      )
      const byEntry = new EntryLookup(table.lookup(left, keys.keys), keys)
      const byRow = table.lookup(left, keys.keys)
      let pool = new Pool(true)
      for (const { texts, pool: next, every } of batches) {
        if (next === 'other') pool = new Pool(true)
        const all = batchOf(texts, next === 'plain' ? new Pool(false) : pool)
        const selection = Int32Array.from(texts.keys()).filter(i => i % every === 0)
        const some = { ...all, selection, selected: selection.length }
        byEntry.find(some)
        byRow.find(some, [new TextMap()])
        const found = [...byEntry.numbers.subarray(0, some.selected)]
        assert.deepEqual(found, [...byRow.numbers.subarray(0, some.selected)])
        const there = [...selection].map(
          i => texts[i] !== null && stored.includes(texts[i] ?? null),
        )
        assert.deepEqual(
          found.map(number => number >= 0),
          there,
        )
      }
    }),
    { numRuns: 500 },
  )
})
