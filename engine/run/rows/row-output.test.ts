import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { eachRow, rowReader } from '../../compile/rows.ts'
import { schema, t } from '../../data/schema.ts'
import { RowOutput } from './row-output.ts'

const Line = schema({ id: t.int32, text: t.utf8.nullable })

test('an input row comes out with all of its rows or none, however they fall into batches', async () => {
  const inputs = fc.array(
    fc.record({ rows: fc.integer({ min: 0, max: 9 }), fails: fc.boolean(), bad: fc.boolean() }),
    { maxLength: 30 },
  )
  await fc.assert(
    fc.asyncProperty(inputs, fc.integer({ min: 1, max: 5 }), async (list, rowsPerBatch) => {
      const output = new RowOutput(Line, rowsPerBatch)
      const read = rowReader(Line)
      const got: unknown[] = []
      const sizes: number[] = []
      const emit = async (batch: Parameters<typeof read>[0]) => {
        const row = read(batch)
        sizes.push(batch.selected)
        eachRow(batch, i => got.push(row(i)))
        await null
      }
      const expected: unknown[] = []
      for (const [i, { rows, fails, bad }] of list.entries()) {
        const made = Array.from({ length: rows }, (_, k) => ({
          id: i,
          text: k % 3 === 0 ? null : `${i} ${k}`,
        }))
        output.begin()
        for (const row of made) output.append(row)
        if (bad) assert.throws(() => output.append({ id: 0.5, text: '' }))
        if (fails || bad) output.undo()
        else expected.push(...made)
        if (output.due) await output.hand(emit, false)
      }
      await output.hand(emit, true)
      assert.deepEqual(got, expected)
      assert.equal(output.count, expected.length)
      // Batches are full, but for the last.
      assert.ok(sizes.slice(0, -1).every(n => n === rowsPerBatch))
    }),
    { numRuns: 200 },
  )
})
