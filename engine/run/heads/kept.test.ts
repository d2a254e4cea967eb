/** Heads that fill the same room partition after partition: no row, text or key of one is seen in another. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { eachRow, rowReader } from '../../compile/rows.ts'
import type { Node, Row } from '../../plan/node.ts'
import { Ledger } from '../account.ts'
import { TaskSpill } from '../exchange/spill.ts'
import type { Head } from '../operator.ts'
import { headOf } from './index.ts'
import { giveKept, takeKept } from './kept.ts'
import {
  expected,
  type Input,
  newTask,
  nodeOf,
  partitionOfRows,
  PLENTY,
  randomInput,
} from './run-head.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-kept-'))
after(() => rmSync(folder, { recursive: true, force: true }))

class Room {
  renewed = 0
  heldBytes = 100
  renew(): void {
    this.renewed++
  }
}

test('an owner gets its own room back, renewed; another one, or one that is large, is dropped', () => {
  const [one, two] = [{}, {}]
  const room = takeKept(one, () => new Room())
  assert.equal(room.renewed, 0)
  giveKept(one, room, PLENTY)
  assert.equal(
    takeKept(one, () => new Room()),
    room,
  )
  assert.equal(room.renewed, 1)
  assert.notEqual(
    takeKept(one, () => new Room()),
    room,
  )
  giveKept(one, room, PLENTY)
  assert.notEqual(
    takeKept(two, () => new Room()),
    room,
  )
  assert.notEqual(
    takeKept(one, () => new Room()),
    room,
  )
  giveKept(one, room, 399)
  assert.notEqual(
    takeKept(one, () => new Room()),
    room,
  )
  room.heldBytes = 33 << 20
  giveKept(one, room, PLENTY)
  assert.notEqual(
    takeKept(one, () => new Room()),
    room,
  )
})

let folders = 0

async function rowsOf(head: Head, node: Node, input: Input, memoryBytes: number): Promise<Row[]> {
  const at = join(folder, String(folders++))
  const [source, spill] = ['in', 'spill'].map(
    name => new TaskSpill(join(at, name), { blockBytes: 2048 }),
  ) as [TaskSpill, TaskSpill]
  const rows: Row[] = []
  const read = rowReader(node.schema)
  const emit = (batch: Parameters<typeof read>[0]) => {
    const row = read(batch)
    eachRow(batch, i => rows.push(row(i)))
  }
  const task = newTask(spill, new Ledger(), { memoryBytes })
  await head.run([partitionOfRows(input, source)], emit, task)
  return rows
}

const columns = { id: 'int', text: 'text?', wide: 'wide?', number: 'float' }
const sort = [{ by: 'text', order: 'asc' as const }]
const kinds = [
  ['distinct', {}],
  ['sortBy', { sort }],
] as const

for (const [type, op] of kinds)
  test(`${type}: partition after partition, larger and smaller, one that spills between`, async () => {
    const inputs = [700, 2000, 0, 90, 1500, 1501].map((n, i) => randomInput(columns, n, i + 1))
    const [first] = inputs as [Input]
    const head = headOf(nodeOf(type, op as never, { inputs: [first], schema: first.schema }), [
      first.schema,
    ])
    for (const [i, input] of inputs.entries()) {
      const node = nodeOf(type, op as never, { inputs: [input], schema: first.schema })
      const rows = await rowsOf(head, node, input, i === 4 ? 1 << 12 : PLENTY)
      assert.deepEqual(rows, await expected(node, [input]), `partition ${i}`)
    }
  })
