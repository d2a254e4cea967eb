/** Copies of blocks: what is read back is what was written, whatever is freed in the meantime. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { dense } from '../../data/batch.ts'
import { newColumn } from '../../data/column.ts'
import { schemaOf, t } from '../../data/schema.ts'
import { Arena } from '../exchange/arena.ts'
import { partitionOf } from '../exchange/reader.ts'
import { SpillFile } from '../exchange/spill-file.ts'
import { ExchangeWriter } from '../exchange/writer.ts'
import type { TaskResult } from '../protocol.ts'
import { BlockCopies, type Copied } from './block-copies.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-copies-'))
after(() => rmSync(folder, { recursive: true }))
const rows = schemaOf([{ name: 'id', kind: t.int32 }])
const ROWS = 6_000_000

/** A task that left `ROWS` numbers in the arena. */
function resultIn(arena: Arena): TaskResult {
  const overflow = new SpillFile(join(folder, 'never'))
  const writer = new ExchangeWriter({
    schema: rows,
    partitions: 1,
    partitionOf: null,
    arena,
    overflow,
  })
  const column = newColumn(t.int32, 1 << 16)
  for (let from = 0; from < ROWS; from += 1 << 16) {
    const count = Math.min(1 << 16, ROWS - from)
    for (let i = 0; i < count; i++) column.values[i] = from + i
    writer.write(dense(rows, [column], count))
  }
  return resultOf(writer)
}

/** The result of a task that wrote to one exchange. */
function resultOf(writer: ExchangeWriter): TaskResult {
  const { blocks, rows: counts, bytes } = writer.finish()
  return {
    outputs: [{ exchange: 0, blocks, rows: counts, bytes }],
    rejects: [],
    samples: [],
    fragments: [],
    account: [],
    dropped: [],
    counters: [],
    end: null,
    spilledBytes: 0,
    splitLevels: 0,
    seconds: 0,
  }
}

function numbersOf(copied: Copied): number[] {
  const blocks = copied.outputs[0]?.[0] ?? []
  const found: number[] = []
  for (const batch of partitionOf(blocks, null, rows).batches())
    for (let i = 0; i < batch.rows; i++) found.push(batch.columns[0]?.values[i] as number)
  return found
}

test('blocks are copied to one private file, and freed at once where the write is done', async () => {
  const arena = Arena.create(64 << 20)
  const result = resultIn(arena)
  const target = join(folder, 'one')
  mkdirSync(target)
  const copies = new BlockCopies({
    arena,
    folder: target,
    share: 1,
    failed: error => assert.fail(String(error)),
  })
  const copied = new Promise<Copied>(resolve => copies.add(result, resolve))
  const found = await copied
  for (const block of result.outputs[0]?.blocks.flat() ?? []) copies.free(block)
  assert.equal(arena.used, 0)
  const [name = ''] = readdirSync(target)
  assert.equal(statSync(join(target, name)).mode & 0o777, 0o600)
  const numbers = numbersOf(found)
  assert.equal(numbers.length, ROWS)
  assert.ok(numbers.every((n, i) => n === i))
})

test('freed while they are written: kept until then, and those not reached are left out', async () => {
  const arena = Arena.create(64 << 20)
  const result = resultIn(arena)
  const target = join(folder, 'two')
  mkdirSync(target)
  const copies = new BlockCopies({
    arena,
    folder: target,
    share: 1,
    failed: error => assert.fail(String(error)),
  })
  const copied = new Promise<Copied>(resolve => copies.add(result, resolve))
  const blocks = result.outputs[0]?.blocks.flat() ?? []
  while (readdirSync(target).length === 0) await new Promise(setImmediate)
  await new Promise(setImmediate)
  for (const block of blocks) copies.free(block)
  // Whoever gets the pages now may write to them: what is being copied must not be among them.
  const taken = arena.allocate(arena.capacity - arena.used - (1 << 20))
  if (taken >= 0) new Uint8Array(arena.buffer, taken, 1 << 20).fill(255)
  const list = (await copied).outputs[0]?.[0] ?? []
  const files = list.filter(b => b.where === 'file')
  assert.ok(files.length < list.length, 'not all were reached')
  const numbers = numbersOf({ outputs: [[files]], rejects: [] })
  assert.ok(numbers.every((n, i) => n === i))
})

test('a folder that is gone: said once, and nothing more is copied', async () => {
  const arena = Arena.create(64 << 20)
  const failures: unknown[] = []
  const copies = new BlockCopies({
    arena,
    folder: join(folder, 'gone'),
    share: 1,
    failed: error => failures.push(error),
  })
  const result = resultIn(arena)
  const copied = () => assert.fail('nothing was copied')
  copies.add(result, copied)
  copies.add(result, copied)
  await copies.settled()
  assert.equal(failures.length, 1)
  assert.match(String(failures[0]), /ENOENT/)
  for (const block of result.outputs[0]?.blocks.flat() ?? []) copies.free(block)
  assert.equal(arena.used, 0)
})

test('text is copied with the entries that it refers to, which other threads have in the arena', async () => {
  const arena = Arena.create(16 << 20, { count: 1, entriesMax: 4096, bytesMax: 1 << 20 })
  const texts = schemaOf([{ name: 'text', kind: t.utf8.nullable }])
  const overflow = new SpillFile(join(folder, 'never'))
  const writer = new ExchangeWriter({
    ...{ schema: texts, partitions: 1, partitionOf: null, arena, overflow, dictionary: 0 },
  })
  const column = newColumn(t.utf8.nullable, 1000)
  for (let i = 0; i < 1000; i++) {
    column.values[i] = column.pool?.internString(`text ${i % 37}`) ?? 0
    if (column.valid) column.valid[i] = i % 5 === 0 ? 0 : 1
  }
  writer.write(dense(texts, [column], 1000))
  const target = join(folder, 'text')
  mkdirSync(target)
  const failed = (error: unknown) => assert.fail(String(error))
  const copies = new BlockCopies({ arena, folder: target, share: 1, failed })
  const copied = new Promise<Copied>(resolve => copies.add(resultOf(writer), resolve))
  const list = (await copied).outputs[0]?.[0] ?? []
  const found: (string | null)[] = []
  for (const batch of partitionOf(list, null, texts).batches())
    for (let i = 0; i < batch.rows; i++) {
      const { pool, values, valid } = batch.columns[0] as NonNullable<typeof column>
      found.push(valid?.[i] === 0 ? null : (pool?.string(values[i] as number) ?? null))
    }
  assert.deepEqual(
    found,
    Array.from({ length: 1000 }, (_, i) => (i % 5 === 0 ? null : `text ${i % 37}`)),
  )
})

/** After its first write it waits: for an hour or so, by its share. */
async function waiting(name: string) {
  const arena = Arena.create(64 << 20)
  const result = resultIn(arena)
  const target = join(folder, name)
  mkdirSync(target)
  const failed = (error: unknown) => assert.fail(String(error))
  const copies = new BlockCopies({ arena, folder: target, share: 1e-6, failed })
  let copied: Copied | null = null
  copies.add(result, now => {
    copied = now
  })
  const bytes = () => readdirSync(target).reduce((n, f) => n + statSync(join(target, f)).size, 0)
  while (bytes() < 4 << 20) await new Promise(resolve => setTimeout(resolve, 5))
  assert.equal(copied, null)
  return { copies, bytes, copied: () => copied }
}

test('copies at a pace are finished at once where the rest is asked for', async () => {
  const { copies, copied } = await waiting('paced')
  await copies.settled()
  assert.equal(numbersOf(copied() as unknown as Copied).length, ROWS)
})

test('copies at a pace that are dropped are not finished, nor told', async () => {
  const { copies, copied, bytes } = await waiting('dropped')
  copies.drop()
  await copies.settled()
  assert.equal(copied(), null)
  assert.ok(bytes() < 4 * ROWS)
})
