/** Groups are numbered by first appearance, whatever dictionaries the batches bring, and in whatever order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Batch, dense } from '../../data/batch.ts'
import { newColumn } from '../../data/column.ts'
import { Pool } from '../../data/pool.ts'
import { schemaOf, t } from '../../data/schema.ts'
import { readValue, writeValue } from '../../data/value.ts'
import { GroupTable } from './group-table.ts'

const kinds = [t.utf8.nullable, t.float64, t.utf8]
const schema = schemaOf(kinds.map((kind, j) => ({ name: `k${j}`, kind })))
const ROWS = 400

/** A seeded generator: a number below the bound. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) % below
  }
}

/** Rows whose texts are in these pools; every fourth row or so is not selected, unless `all`. */
function batchOf(r: (below: number) => number, pools: readonly Pool[], all: boolean): Batch {
  const columns = kinds.map((kind, j) => newColumn(kind, ROWS, pools[j === 0 ? 0 : 1]))
  for (let i = 0; i < ROWS; i++) {
    const texts = [r(5) === 0 ? null : `a${r(30)}`, `${'b'.repeat(r(90))}${r(3)}`]
    const row = [texts[0], [0, -0, NaN, 1.5][r(4)], texts[1]]
    columns.forEach((column, j) => {
      writeValue(column, i, row[j])
    })
  }
  const batch = dense(schema, columns, ROWS)
  if (all) return batch
  const selection = Int32Array.from({ length: ROWS }, (_, i) => i).filter(() => r(4) > 0)
  return { ...batch, selection, selected: selection.length }
}

const shown = (values: readonly unknown[]): string =>
  values.map(v => (typeof v === 'number' ? v + 0 : v)).join('|')

function check(table: GroupTable, poolsOf: (batch: number) => Pool[], all: boolean): void {
  const r = randomOf(11)
  const numbers = new Map<string, number>()
  for (let b = 0; b < 8; b++) {
    const batch = batchOf(r, poolsOf(b), all)
    const groups = table.assign(batch, [0, 1, 2])
    for (let k = 0; k < batch.selected; k++) {
      const i = batch.selection === null ? k : (batch.selection[k] as number)
      const key = shown(batch.columns.map(c => readValue(c as never, i)))
      const known = numbers.get(key) ?? numbers.size
      numbers.set(key, known)
      assert.equal(groups[i], known)
    }
  }
  const columns = kinds.map((kind, j) => table.column(j, kind, 3))
  const keys = Array.from({ length: table.count - 3 }, (_, g) =>
    shown(columns.map(c => readValue(c, g))),
  )
  assert.deepEqual(keys, [...numbers.keys()].slice(3))
}

const [one, two, three] = [new Pool(true), new Pool(true), new Pool(true)]
const ways: Record<string, (batch: number) => Pool[]> = {
  'one dictionary a key': () => [one, two],
  'another dictionary half way': b => [b < 4 ? one : three, two],
  'a dictionary of its own for each batch': () => [new Pool(true), new Pool(true)],
  'text without a dictionary': () => [new Pool(false), new Pool(false)],
  'a dictionary, then none, then the dictionary': b => [b % 3 === 1 ? new Pool(false) : one, two],
  'no dictionary at first': b => [b === 0 ? new Pool(false) : one, two],
}
for (const [name, poolsOf] of Object.entries(ways))
  for (const all of [true, false])
    test(`groups: ${name}, ${all ? 'all rows' : 'some rows'}`, () => {
      const table = new GroupTable(kinds)
      check(table, poolsOf, all)
      table.clear()
      check(table, poolsOf, all)
      table.renew()
      check(table, poolsOf, all)
    })

test('groups: room made before changes nothing', () => {
  const table = new GroupTable(kinds)
  table.reserve(100_000)
  check(table, () => [one, two], true)
})
