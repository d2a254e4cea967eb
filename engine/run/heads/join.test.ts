import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { eachRow, rowReader } from '../../compile/rows.ts'
import { type AnySchema, schemaOf } from '../../data/schema.ts'
import type { JoinKind, Node, Row } from '../../plan/node.ts'
import { Ledger } from '../account.ts'
import { TaskSpill } from '../exchange/spill.ts'
import { broadcastJoin } from './broadcast-join.ts'
import {
  expected,
  type Input,
  newTask,
  nodeOf,
  partitionOfRows,
  randomInput,
  type RunOptions,
  runHead,
  TINY,
} from './run-head.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-join-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const JOINS: readonly JoinKind[] = ['inner', 'left', 'full', 'semi', 'anti']

/** Joins on key = rkey (and key2 = rkey2, where they are there), keeping the right side's other columns. */
function joinNode(kind: JoinKind, left: Input, right: Input): Node<'join'> {
  const names = left.schema.list.map(f => f.name)
  const leftKeys = ['key', 'key2'].filter(k => names.includes(k))
  const rightKeys = leftKeys.map(k => `r${k}`)
  const exists = kind === 'semi' || kind === 'anti'
  const taken = exists ? [] : right.schema.list.filter(f => !rightKeys.includes(f.name))
  const columns = taken.map(f => ({ name: `of_${f.name}`, from: f.name }))
  const schema = schemaOf([
    ...left.schema.list.map(f => (kind === 'full' ? { name: f.name, kind: f.kind.nullable } : f)),
    ...taken.map(f => ({
      name: `of_${f.name}`,
      kind: kind === 'inner' ? f.kind : f.kind.nullable,
    })),
  ])
  const op = { kind, leftKeys, rightKeys, right: columns, hint: null }
  return nodeOf('join', op, { inputs: [left, right], schema })
}

async function check(kind: JoinKind, inputs: readonly [Input, Input], o: RunOptions = {}) {
  const node = joinNode(kind, ...inputs)
  const ran = await runHead(node, inputs, o)
  assert.deepEqual(ran.rows, await expected(node, inputs))
  assert.equal(ran.terms.in, inputs[0].rows.length + inputs[1].rows.length)
  assert.equal(ran.terms.out, ran.rows.length)
  for (const rows of Object.values(ran.terms)) assert.ok(rows >= 0)
  return ran
}

test('the joins of keys of every kind, with and without nulls', async () => {
  const kinds = ['int', 'float', 'text', 'bytes', 'big', 'wide', 'bool', 'date']
  for (const [seed, key] of kinds.entries())
    for (const kind of JOINS) {
      const left = randomInput({ key: `${key}?`, a: 'text?', id: 'id' }, 60, seed)
      const right = randomInput({ b: 'text?', rkey: key, id: 'id', c: 'wide?' }, 30, seed + 100)
      await check(kind, [left, right])
      await check(kind, [right, left].map(swapped) as [Input, Input], { rowsPerBatch: 7 })
    }
})

/** The same rows with left and right keys' names exchanged. */
function swapped({ schema, rows }: Input): Input {
  const name = (n: string) => (n === 'key' ? 'rkey' : n === 'rkey' ? 'key' : n)
  return {
    schema: schemaOf(schema.list.map(f => ({ ...f, name: name(f.name) }))),
    rows: rows.map(r => Object.fromEntries(Object.entries(r).map(([n, v]) => [name(n), v]))),
  }
}

/** As a table by id: each key once. */
const unique = ({ schema, rows }: Input): Input => ({
  schema,
  rows: rows.filter((r, i) => rows.findIndex(o => Object.is(o['rkey'], r['rkey'])) === i),
})

test('two keys; at most one match a row; no rows on a side', async () => {
  for (const kind of JOINS) {
    const left = randomInput({ key: 'int?', key2: 'text', a: 'float?' }, 300, 1)
    const right = randomInput({ rkey: 'int', rkey2: 'text?', b: 'bytes?' }, 100, 2)
    await check(kind, [left, right])
    const one = randomInput({ key: 'text?', a: 'float?' }, 300, 3)
    const few = unique(randomInput({ rkey: 'text', b: 'bool', c: 'text?', d: 'big?' }, 6, 4))
    await check(kind, [one, few])
    await check(kind, [one, { ...few, rows: [] }])
    await check(kind, [{ ...one, rows: [] }, few])
  }
})

const wideKeys = (input: Input, name: string, factor: number): Input => ({
  schema: input.schema,
  rows: input.rows.map((r, i) => ({ ...r, [name]: (i * factor) % 4001 })),
})

test('a right side that does not fit is split, more than once, and the order stays', async () => {
  const left = wideKeys(randomInput({ key: 'id', a: 'text?' }, 3000, 5), 'key', 7)
  const right = wideKeys(randomInput({ rkey: 'id', b: 'text?', c: 'big' }, 12_000, 6), 'rkey', 11)
  for (const kind of JOINS) {
    const ran = await check(kind, [left, right], { memoryBytes: TINY })
    assert.ok(ran.spilledBytes > 0)
  }
})

test('one hot key is met part by part', async () => {
  const hot = (n: number, name: string, seed: number) => {
    const input = randomInput({ [name]: 'int', id: 'id', more: 'text' }, n, seed)
    return { ...input, rows: input.rows.map((r, i) => ({ ...r, [name]: i % 97 === 0 ? 2 : 1 })) }
  }
  const left = hot(40, 'key', 1)
  const right = hot(3000, 'rkey', 2)
  const odd = { ...left, rows: [...left.rows, ...left.rows.map(r => ({ ...r, key: 9 }))] }
  for (const kind of JOINS) {
    const ran = await check(kind, [odd, right], { memoryBytes: TINY })
    // Of the right side a semi or anti join holds the keys alone, which are few here.
    assert.equal(ran.spilledBytes > 0, kind !== 'semi' && kind !== 'anti')
  }
})

test('a broadcast join gives what the join gives, over several batches and tasks', async () => {
  for (const kind of ['inner', 'left', 'semi', 'anti'] as const)
    for (const right of [
      randomInput({ rkey: 'text?', b: 'text?', c: 'float' }, 20, 8),
      unique(randomInput({ rkey: 'text', b: 'int?' }, 7, 9)),
    ]) {
      const left = randomInput({ key: 'text?', a: 'text?', id: 'id' }, 500, 10)
      const node = joinNode(kind, left, right)
      const spill = new TaskSpill(folder, { blockBytes: 2048 })
      const ledger = new Ledger()
      const task = newTask(spill, ledger)
      const rows: Row[] = []
      const read = rowReader(node.schema as AnySchema)
      const operator = broadcastJoin(
        node,
        left.schema,
        partitionOfRows(right, spill),
        batch => {
          const row = read(batch)
          eachRow(batch, i => rows.push(row(i)))
        },
        () => task,
      )
      for (const batch of partitionOfRows(left, spill).batches()) {
        await operator.push(batch)
        await operator.finish()
      }
      assert.deepEqual(rows, await expected(node, [left, right]))
      ledger.check({ name: 'p', nodes: [node], publishes: [], fingerprint: '', built: [] })
      assert.equal(ledger.of(node.id).out, rows.length)
      spill.remove()
    }
})

test('a broadcast join takes selections', async () => {
  const left = randomInput({ key: 'int', id: 'id' }, 200, 3)
  const right = randomInput({ rkey: 'int', b: 'text' }, 20, 4)
  for (const kind of ['inner', 'left', 'semi', 'anti'] as const) {
    const node = joinNode(kind, left, right)
    const spill = new TaskSpill(folder, { blockBytes: 1 << 16 })
    const ledger = new Ledger()
    const task = newTask(spill, ledger)
    const rows: Row[] = []
    const read = rowReader(node.schema as AnySchema)
    const operator = broadcastJoin(
      node,
      left.schema,
      partitionOfRows(right, spill),
      batch => {
        const row = read(batch)
        eachRow(batch, i => rows.push(row(i)))
      },
      () => task,
    )
    const third = (i: number) => i % 3 === 0
    for (const batch of partitionOfRows(left, spill).batches()) {
      const selection = Int32Array.from({ length: batch.rows }, (_, i) => i).filter(third)
      await operator.push({ ...batch, selection, selected: selection.length })
    }
    const some = { ...left, rows: left.rows.filter(r => third(r['id'] as number)) }
    assert.deepEqual(rows, await expected(node, [some, right]))
    spill.remove()
  }
})
