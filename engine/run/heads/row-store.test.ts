import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dense } from '../../data/batch.ts'
import { newColumn } from '../../data/column.ts'
import { Pool } from '../../data/pool.ts'
import { schema, t } from '../../data/schema.ts'
import { batchesOf, plans, printed, schemas } from '../exchange/random-batches.ts'
import { RowStore } from './row-store.ts'

test('rows come back as they went in, appended, gathered and written over', () => {
  fc.assert(
    fc.property(schemas, plans, fc.boolean(), (s, planned, compacts) => {
      const store = new RowStore(s, 4)
      const intake = store.intake()
      const expected: string[] = []
      for (const batch of batchesOf(s, planned)) {
        intake.begin(batch)
        assert.equal(intake.appendAll(batch), expected.length)
        const rows = printed([batch])
        expected.push(...rows)
        // Every third selected row also goes over an earlier one; the last write to a place stands.
        const from: number[] = []
        const to: number[] = []
        for (let k = 0; k < batch.selected; k += 3) {
          from.push(batch.selection === null ? k : (batch.selection[k] as number))
          to.push((k * 7) % expected.length)
          expected[to.at(-1) as number] = rows[k] as string
        }
        intake.write(Int32Array.from(from), Int32Array.from(to), from.length)
        if (compacts) store.compact()
      }
      assert.deepEqual(printed([store.slice(0, store.rows)]), expected)
      const ids = Int32Array.from(expected, (_, i) => expected.length - 1 - i)
      assert.deepEqual(printed([store.gather(ids, 0, ids.length)]), expected.toReversed())
      assert.deepEqual(printed([store.gather(ids, 1, ids.length)]), expected.toReversed().slice(1))
    }),
    { numRuns: 150 },
  )
})

test('a store that is emptied and filled again gives no text of before', () => {
  fc.assert(
    fc.property(schemas, plans, (s, planned) => {
      const store = new RowStore(s)
      const intake = store.intake()
      for (const batch of batchesOf(s, planned)) {
        store.clear()
        intake.begin(batch)
        intake.appendAll(batch)
        assert.deepEqual(printed([store.slice(0, store.rows)]), printed([batch]))
      }
    }),
    { numRuns: 60 },
  )
})

function texts(rows: number, textOf: (i: number) => string) {
  const s = schema({ a: t.utf8 })
  const column = newColumn(t.utf8, rows, new Pool(false))
  const pool = column.pool as Pool
  for (let i = 0; i < rows; i++) column.values[i] = pool.internString(textOf(i))
  return dense(s, [column], rows)
}

test('text that repeats is held once, text that does not is not looked up, dead text is dropped', () => {
  const repeated = new RowStore(schema({ a: t.utf8 }))
  const distinct = new RowStore(schema({ a: t.utf8 }))
  const [few, many] = [repeated.intake(), distinct.intake()]
  for (let b = 0; b < 10; b++) {
    const same = texts(3000, i => `${i % 50}`)
    few.begin(same)
    few.appendAll(same)
    const other = texts(3000, i => `${b} ${i}`)
    many.begin(other)
    many.appendAll(other)
  }
  assert.equal(repeated.columns[0]?.pool?.count, 50)
  assert.equal(distinct.columns[0]?.pool?.unique, false)
  assert.equal(
    distinct.columns[0]?.pool?.string(distinct.columns[0].values[29_999] as number),
    '9 2999',
  )
  distinct.rows = 10
  distinct.compact()
  assert.equal(distinct.columns[0]?.pool?.count, 10)
})
