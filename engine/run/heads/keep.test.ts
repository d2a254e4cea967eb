/** distinct, distinctBy and top: the heads that keep some rows of each key. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schema, t } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import {
  expected,
  type Input,
  nodeOf,
  PLENTY,
  randomInput,
  type RunOptions,
  runHead,
  TINY,
} from './run-head.ts'

const KEYS = [
  'int',
  'float',
  'text',
  'bytes',
  'big',
  'wide',
  'bool',
  'date',
  'int?',
  'float?',
  'text?',
  'bytes?',
  'big?',
  'wide?',
]

async function check(node: Node, inputs: readonly Input[], o: RunOptions = {}) {
  const ran = await runHead(node, inputs, o)
  assert.deepEqual(ran.rows, await expected(node, inputs))
  const rows = inputs.reduce((sum, i) => sum + i.rows.length, 0)
  assert.equal(ran.terms.in, rows)
  assert.equal(ran.terms.out, ran.rows.length)
  return ran
}

const distinctBy = (input: Input, keys: string[], keep: 'first' | 'last') =>
  nodeOf('distinctBy', { keys, keep, by: 'by' }, { inputs: [input], schema: input.schema })

function top(input: Input, keys: string[], o: { n: number; order: 'asc' | 'desc'; rank?: string }) {
  const { n, order, rank = null } = o
  const out = rank === null ? input.schema : input.schema.extend({ [rank]: t.int32 })
  return nodeOf(
    'top',
    { keys, n, order: { by: 'by', order }, rank },
    { inputs: [input], schema: out },
  )
}

test('distinct keeps the first of rows that are equal in all columns', async () => {
  for (const [seed, kind] of KEYS.entries()) {
    const input = randomInput({ a: kind, b: 'bool?' }, 500, seed)
    const node = nodeOf('distinct', {}, { inputs: [input], schema: input.schema })
    const ran = await check(node, [input])
    assert.equal(ran.terms.merged, 500 - ran.rows.length)
    assert.equal(ran.spilledBytes, 0)
  }
})

test('distinctBy keeps the least or the greatest of each key; ties go by place', async () => {
  for (const [seed, key] of KEYS.entries())
    for (const by of ['int', 'float?', 'text?', 'big', 'wide?', 'bytes'])
      for (const keep of ['first', 'last'] as const) {
        const input = randomInput({ by, id: 'id', key, more: 'text?' }, 300, seed)
        await check(distinctBy(input, ['key'], keep), [input])
        await check(distinctBy(input, ['key', 'more'], keep), [input])
      }
})

test('top keeps n rows a key, in order and ranked', async () => {
  for (const [seed, by] of KEYS.entries())
    for (const order of ['asc', 'desc'] as const)
      for (const n of [1, 2, 7, 1000]) {
        const input = randomInput({ key: 'text?', by, id: 'id', more: 'text?' }, 400, seed)
        const ran = await check(top(input, ['key'], { n, order, rank: 'rank' }), [input])
        assert.equal(ran.terms.filtered, 400 - ran.rows.length)
        await check(top(input, ['key', 'more'], { n, order }), [input], { rowsPerBatch: 3 })
      }
})

test('no rows give no rows', async () => {
  const input = randomInput({ key: 'int', by: 'text' }, 0, 1)
  await check(nodeOf('distinct', {}, { inputs: [input], schema: input.schema }), [input])
  await check(distinctBy(input, ['key'], 'last'), [input])
  await check(top(input, ['key'], { n: 3, order: 'asc' }), [input])
})

test('what does not fit is split, and comes out in the same order', async () => {
  const input = randomInput({ key: 'id', by: 'int?', text: 'text?', more: 'big' }, 4000, 7)
  const rows = input.rows.map((r, i) => ({ ...r, key: (i * 7919) % 1500 }))
  const some = { schema: input.schema, rows }
  for (const memoryBytes of [TINY, 20_000, 60_000]) {
    const o = { memoryBytes }
    const heads = [
      nodeOf('distinct', {}, { inputs: [some], schema: some.schema }),
      distinctBy(some, ['key'], 'last'),
      distinctBy(some, ['key'], 'first'),
      top(some, ['key'], { n: 2, order: 'desc', rank: 'rank' }),
    ]
    for (const node of heads) assert.ok((await check(node, [some], o)).spilledBytes > 0)
  }
})

test('parts that are still too large are split again', async () => {
  const input = randomInput({ key: 'id', by: 'int?', text: 'text?' }, 30_000, 9)
  const rows = input.rows.map((r, i) => ({ ...r, key: (i * 7919) % 20_011 }))
  const some = { schema: input.schema, rows }
  for (const node of [
    distinctBy(some, ['key'], 'last'),
    top(some, ['key'], { n: 1, order: 'asc', rank: 'rank' }),
  ]) {
    const few = await check(node, [some], { memoryBytes: 300_000, rowsPerBatch: 1000 })
    const many = await check(node, [some], { memoryBytes: TINY, rowsPerBatch: 1000 })
    // Each level writes all rows once more.
    assert.ok(many.spilledBytes > few.spilledBytes * 1.4)
  }
})

test('a single key is not split for ever, nor does its text pile up', async () => {
  const schemaOne = schema({ key: t.utf8, by: t.int32, text: t.utf8 })
  const rows = Array.from({ length: 3000 }, (_, i) => ({
    key: 'one',
    by: i,
    text: `${i}`.repeat(20),
  }))
  const input = { schema: schemaOne, rows }
  assert.ok(
    (await check(distinctBy(input, ['key'], 'last'), [input], { memoryBytes: TINY })).spilledBytes >
      0,
  )
  const ran = await check(top(input, ['key'], { n: 5, order: 'desc' }), [input], {
    memoryBytes: 80_000,
  })
  assert.equal(ran.spilledBytes, 0)
})

test('high-cardinality text stops being looked up and stays right', async () => {
  const schemaText = schema({ key: t.utf8, by: t.int32 })
  const rows = Array.from({ length: 30_000 }, (_, i) => ({
    key: `key ${(i * 31) % 20_000}`,
    by: i,
  }))
  const input = { schema: schemaText, rows }
  const o = { memoryBytes: PLENTY, rowsPerBatch: 4096, blockBytes: 1 << 16 }
  await check(distinctBy(input, ['key'], 'last'), [input], o)
  await check(nodeOf('distinct', {}, { inputs: [input], schema: schemaText }), [input], o)
})
