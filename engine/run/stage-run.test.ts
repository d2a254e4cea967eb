import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Exchange } from '../compile/stages.ts'
import type { BlockHandle } from './exchange/block.ts'
import type { TaskResult } from './protocol.ts'
import { Blocks } from './stage-run.ts'

const exchange = { id: 4 } as Exchange
const block = (offset: number): BlockHandle => ({ where: 'arena', offset, bytes: 8, rows: 1 })
const offsets = (blocks: readonly BlockHandle[]) =>
  blocks.map(b => (b.where === 'arena' ? b.offset : -1))

/** A task's blocks: one a partition. */
const result = (first: number): TaskResult => ({
  outputs: [{ exchange: 4, blocks: [[block(first)], [block(first + 1)]], rows: [1, 1], bytes: 16 }],
  rejects: [block(first + 2)],
  samples: [],
  fragments: [],
  account: [],
  dropped: [],
  counters: [],
  end: null,
  spilledBytes: 0,
  splitLevels: 0,
  seconds: 0,
})

test('blocks come in the order of stages and tasks, whichever stage ended first', () => {
  for (const ends of [
    [1, 2, 7],
    [7, 1, 2],
    [2, 7, 1],
  ]) {
    const blocks = new Blocks()
    for (const stage of ends) blocks.add(stage, [result(stage * 100), result(stage * 100 + 10)])
    assert.deepEqual(offsets(blocks.of(exchange, 1)), [101, 111, 201, 211, 701, 711])
    assert.deepEqual(offsets(blocks.rejects), [102, 112, 202, 212, 702, 712])
    assert.deepEqual(offsets(blocks.take(exchange, 0)), [100, 110, 200, 210, 700, 710])
    assert.deepEqual(blocks.of(exchange, 0), [])
  }
})
