/** groupFlatMap, coGroup and the sort. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schema, t } from '../../data/schema.ts'
import type { Fault } from '../../fault.ts'
import type { Node, Order, Row, Rows } from '../../plan/node.ts'
import {
  expected,
  type Input,
  nodeOf,
  randomInput,
  type RunOptions,
  runHead,
  TINY,
} from './run-head.ts'

async function check(node: Node, inputs: readonly Input[], o: RunOptions = {}) {
  const ran = await runHead(node, inputs, o)
  assert.deepEqual(ran.rows, await expected(node, inputs))
  assert.equal(
    ran.terms.in,
    inputs.reduce((sum, i) => sum + i.rows.length, 0),
  )
  assert.equal(ran.terms.out, ran.rows.length)
  return ran
}

const OUT = schema({ key: t.utf8, rows: t.int32, ids: t.utf8 })
type Ids = { id: number }[]
const summary = (key: unknown, ids: Ids) => ({
  key: typeof key === 'bigint' ? `${key}` : String(key),
  rows: ids.length,
  ids: ids.map(r => r.id).join(' '),
})

function groupNode(input: Input, sort: Order | null, fn?: (key: Row, rows: Rows) => unknown) {
  const walk = function* (key: Row, rows: Rows) {
    yield summary(key['key'], [...rows] as unknown as Ids)
    for (const row of rows)
      if ((row['id'] as number) % 5 === 0) yield summary('again', [row] as never)
  }
  const op = { keys: ['key'], sort, fn: fn ?? walk }
  return nodeOf('groupFlatMap', op, { inputs: [input], schema: OUT })
}

test('groupFlatMap gives each key its rows, in order, as often as they are walked', async () => {
  for (const [seed, key] of ['int?', 'float', 'text?', 'bytes', 'big?', 'wide'].entries())
    for (const sort of [null, { by: 'by', order: 'asc' }, { by: 'by', order: 'desc' }] as const) {
      const input = randomInput({ key, by: 'text?', id: 'id' }, 300, seed)
      await check(groupNode(input, sort), [input], { rowsPerBatch: 10 })
      const once = (key: Row, rows: Rows) => [summary(key['key'], [...rows] as unknown as Ids)]
      const ran = await check(groupNode(input, sort, once), [input], { memoryBytes: 12_000 })
      assert.ok(ran.spilledBytes > 0)
    }
})

test('keys that do not fit are split, and groups keep their order', async () => {
  const input = randomInput({ key: 'id', by: 'int', id: 'id' }, 9000, 3)
  const rows = input.rows.map((r, i) => ({ ...r, key: (i * 7) % 2003 }))
  const some = { ...input, rows }
  const ran = await check(groupNode(some, { by: 'by', order: 'desc' }), [some], {
    memoryBytes: TINY,
  })
  assert.ok(ran.spilledBytes > 0)
})

test('a function may leave rows, give none, and meet no rows at all', async () => {
  const input = randomInput({ key: 'int', by: 'int', id: 'id' }, 200, 4)
  const first = function* (key: Row, rows: Rows) {
    for (const row of rows) {
      yield summary(key['key'], [row] as never)
      return
    }
  }
  await check(groupNode(input, null, first), [input])
  await check(
    groupNode(input, null, () => []),
    [input],
  )
  await check(groupNode(input, null), [{ ...input, rows: [] }])
})

test('a group too large for memory can be walked once, and says so when it is walked again', async () => {
  const input = randomInput({ key: 'int', by: 'int', id: 'id' }, 5000, 4)
  const one = { ...input, rows: input.rows.map(r => ({ ...r, key: 1 })) }
  const once = function* (key: Row, rows: Rows) {
    let count = 0
    for (const _ of rows) count++
    yield { ...summary(key['key'], []), rows: count }
  }
  const ran = await check(groupNode(one, null, once), [one], { memoryBytes: 20_000 })
  assert.ok(ran.spilledBytes > 0)
  await assert.rejects(runHead(groupNode(one, null), [one], { memoryBytes: 20_000 }), {
    kind: 'resource',
    message: 'the group of {"key":1} does not fit in memory, so its rows can be walked once only',
  })
})

test('what a function throws, or gives wrongly, names the line, the key and the row', async () => {
  const input = randomInput({ key: 'int', by: 'int', id: 'id' }, 20, 4)
  const one = { ...input, rows: input.rows.map(r => ({ ...r, key: 7 })) }
  const fault = async (fn: (key: Row, rows: Rows) => unknown) => {
    let thrown: unknown
    await runHead(groupNode(one, null, fn), [one]).catch((error: unknown) => {
      thrown = error
    })
    const { kind, message, at, detail } = thrown as Fault
    return [kind, message, at, ...detail]
  }
  const throws = () => {
    throw new RangeError('no')
  }
  const at = 'there:1  .groupFlatMap'
  const key = 'key   {"key":7}'
  assert.deepEqual(await fault(throws), ['data', 'groupFlatMap threw RangeError: no', at, key])
  const late = function* () {
    yield { key: 'a', rows: 1, ids: '' }
    throw new RangeError('late')
  }
  assert.deepEqual(await fault(late), ['data', 'groupFlatMap threw RangeError: late', at, key])
  const wrong = () => [{ key: 'a', rows: 0.5, ids: '' }]
  const said = await fault(wrong)
  assert.match(String(said[1]), /expected int32, got 0.5/)
  assert.deepEqual(said.slice(2), [at, key, 'row   {"key":"a","rows":0.5,"ids":""}'])
  assert.match(String((await fault(() => 5))[1]), /expected an iterable of rows/)
})

function coNode(inputs: readonly Input[], tags: readonly string[]) {
  const fn = (group: Row) => {
    const { id } = group['key'] as { id: unknown }
    assert.deepEqual(Object.keys(group), ['key', ...tags])
    const lists = tags.map(tag => [...(group[tag] as Iterable<{ n: number }>)])
    const again = tags.map(tag => [...(group[tag] as Iterable<{ n: number }>)])
    assert.deepEqual(again, lists)
    const ids = lists.map(list => list.map(r => r.n).join(' ')).join('|')
    return [{ key: String(id), rows: lists.flat().length, ids }]
  }
  return nodeOf('coGroup', { tags, keys: ['id'], fn }, { inputs, schema: OUT })
}

test('coGroup brings the rows of each key together, by tag', async () => {
  const numbered = (input: Input) => ({
    schema: input.schema,
    rows: input.rows.map((r, n) => ({ ...r, n })),
  })
  for (const [seed, id] of ['int', 'float', 'text', 'bytes', 'big', 'wide'].entries()) {
    const a = numbered(randomInput({ id, n: 'id', x: 'text?' }, 120, seed))
    const b = numbered(randomInput({ y: 'float?', id: `${id}?`, n: 'id' }, 80, seed + 50))
    const c = { ...numbered(randomInput({ n: 'id', id }, 5, seed)), rows: [] }
    await check(coNode([a, b, c], ['a', 'b', 'c']), [a, b, c])
    await check(coNode([b, a], ['b', '__proto__']), [b, a], {
      memoryBytes: 60_000,
      rowsPerBatch: 9,
    })
  }
  const wide = (input: Input, factor: number) =>
    numbered({ ...input, rows: input.rows.map((r, i) => ({ ...r, id: (i * factor) % 1009 })) })
  const a = wide(randomInput({ id: 'id', n: 'id' }, 6000, 1), 3)
  const b = wide(randomInput({ id: 'id', n: 'id', x: 'text' }, 3000, 2), 5)
  const ran = await check(coNode([a, b], ['a', 'b']), [a, b], { memoryBytes: TINY })
  assert.ok(ran.spilledBytes > 0)
})

test('sortBy sorts by several columns, in memory and in runs', async () => {
  const kinds = [
    'int?',
    'float?',
    'text?',
    'bytes',
    'big?',
    'wide?',
    'bool',
    'date?',
    'text',
    'float',
  ]
  for (const [seed, first] of kinds.entries())
    for (const second of ['text?', 'int', 'float?', 'wide'])
      for (const order of ['asc', 'desc'] as const) {
        const input = randomInput({ id: 'id', first, second }, 300, seed)
        const sort: Order[] = [
          { by: 'first', order },
          { by: 'second', order: 'desc' },
        ]
        const node = nodeOf('sortBy', { sort }, { inputs: [input], schema: input.schema })
        assert.equal((await check(node, [input])).spilledBytes, 0)
        assert.ok((await check(node, [input], { memoryBytes: 2000 })).spilledBytes > 0)
      }
})

test('many runs are merged in several passes, stably', async () => {
  const input = randomInput({ id: 'id', by: 'int?', more: 'text?' }, 8000, 11)
  const node = nodeOf(
    'sortBy',
    { sort: [{ by: 'by', order: 'desc' }] },
    { inputs: [input], schema: input.schema },
  )
  const ran = await check(node, [input], { memoryBytes: TINY, blockBytes: 512 })
  assert.ok(ran.spilledBytes > 100_000)
  await check(node, [{ ...input, rows: [] }])
})
