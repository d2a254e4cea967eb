import assert from 'node:assert/strict'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { dense } from '../../data/batch.ts'
import { newColumn } from '../../data/column.ts'
import { Pool } from '../../data/pool.ts'
import { type AnySchema, schema, t } from '../../data/schema.ts'
import { writeValue } from '../../data/value.ts'
import { Fault } from '../../fault.ts'
import { Arena, PAGE_BYTES } from './arena.ts'
import type { BlockHandle } from './block.ts'
import { hashPartition, keyHasher } from './hash.ts'
import { batchesOf, plans, printed, schemas, type Sharing } from './random-batches.ts'
import { partitionOf } from './reader.ts'
import { repartition } from './repartition.ts'
import { free } from './shared-pages.ts'
import { TaskSpill } from './spill.ts'
import { SpillFile, SpillReader } from './spill-file.ts'
import { ExchangeWriter } from './writer.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-exchange-'))
after(() => rmSync(folder, { recursive: true }))
const arena = Arena.create(32 << 20)
let files = 0
const newFile = () => new SpillFile(join(folder, 'spill', `${files++}`))

interface How {
  readonly partitions: number
  readonly memory?: Arena | null
  readonly overflow?: SpillFile
  readonly blockBytes?: number
}

function written(s: AnySchema, batches: ReturnType<typeof batchesOf>, how: How) {
  const { partitions, memory = arena, overflow = newFile(), blockBytes = 4096 } = how
  const keys = s.list.slice(0, 2).map(f => f.name)
  const partition = partitions === 1 ? null : hashPartition(keyHasher(s, keys), partitions)
  const writer = new ExchangeWriter({
    schema: s,
    partitions,
    partitionOf: partition,
    arena: memory,
    overflow,
    blockBytes,
  })
  for (const batch of batches) writer.write(batch)
  return writer.finish()
}
const read = (s: AnySchema, handles: BlockHandle[], release = true) =>
  printed(partitionOf(handles, arena, s).batches({ release }))

test('rows come back whole and in order, from memory and from disk', () => {
  fc.assert(
    fc.property(schemas, plans, fc.boolean(), (s, planned, inMemory) => {
      const batches = batchesOf(s, planned)
      const expected = printed(batches)
      const one = written(s, batches, { partitions: 1, memory: inMemory ? arena : null })
      assert.equal(one.rows[0], expected.length)
      assert.deepEqual(read(s, one.blocks[0] as BlockHandle[]), expected)
    }),
    { numRuns: 150 },
  )
  assert.equal(arena.used, 0)
})

test('every row lands in the partition of its hash, in order', () => {
  fc.assert(
    fc.property(schemas, plans, fc.constantFrom(2, 3, 8), (s, planned, partitions) => {
      const batches = batchesOf(s, planned)
      const hasher = hashPartition(
        keyHasher(
          s,
          s.list.slice(0, 2).map(f => f.name),
        ),
        partitions,
      )
      const expected: string[][] = Array.from({ length: partitions }, () => [])
      for (const batch of batches) {
        const ids = new Int32Array(batch.selected)
        hasher(batch, ids)
        printed([batch]).forEach((row, k) => expected[ids[k] as number]?.push(row))
      }
      const out = written(s, batches, { partitions })
      assert.deepEqual(
        out.blocks.map(handles => read(s, handles)),
        expected,
      )
      assert.deepEqual(
        out.rows,
        expected.map(rows => rows.length),
      )
    }),
    { numRuns: 100 },
  )
  assert.equal(arena.used, 0)
})

test('partitions and block bounds do not depend on how dictionaries are shared', () => {
  const shapes: Sharing[] = ['same', 'fresh', 'plain']
  fc.assert(
    fc.property(schemas, plans, (s, planned) => {
      const [same, ...others] = shapes.map(sharing => {
        const out = written(s, batchesOf(s, planned, sharing), { partitions: 4, blockBytes: 512 })
        return out.blocks.map(handles => handles.map(h => [h.rows, ...read(s, [h])]))
      })
      for (const other of others) assert.deepEqual(other, same)
    }),
    { numRuns: 60 },
  )
})

test('a shared dictionary and fresh ones give the same bytes, in memory and on disk', () => {
  const files = new SpillReader()
  const bytesOf = (h: BlockHandle) => {
    if (h.where === 'file') return Buffer.from(files.read(h)).toString('hex')
    const bytes = Buffer.from(arena.buffer, h.offset, h.bytes).toString('hex')
    free(h, arena)
    return bytes
  }
  fc.assert(
    fc.property(schemas, plans, (s, planned) => {
      const bytes = (sharing: Sharing, memory: Arena | null) =>
        written(s, batchesOf(s, planned, sharing), { partitions: 2, memory }).blocks.map(p =>
          p.map(bytesOf),
        )
      const expected = bytes('same', arena)
      assert.deepEqual(bytes('fresh', arena), expected)
      assert.deepEqual(bytes('same', null), expected)
    }),
    { numRuns: 60 },
  )
  files.close()
})

test('blocks of a few rows share pages, which the last one freed gives back', () => {
  const s = schema({ a: t.int32, b: t.utf8 })
  const batches = batchesOf(s, [{ seed: 3, rows: 400, sharing: 'same', select: false }])
  const { blocks } = written(s, batches, { partitions: 64 })
  const handles = blocks.flat()
  assert.ok(handles.length > 40)
  const bytes = handles.reduce((sum, h) => sum + h.bytes, 0)
  assert.ok(arena.used <= 2 * bytes + PAGE_BYTES, `${arena.used} bytes hold ${bytes}`)
  assert.deepEqual(read(s, handles, false).sort(), printed(batches).sort())
  const [last, ...others] = handles.reverse() as [BlockHandle, ...BlockHandle[]]
  for (const handle of others) free(handle, arena)
  assert.equal(arena.used, PAGE_BYTES)
  assert.equal(read(s, [last], false).length, last.rows)
  free(last, arena)
  assert.equal(arena.used, 0)
  assert.throws(() => free(last, arena), { kind: 'engine' })
})

test('an arena that is full spills the rest, and abort gives everything back', () => {
  const s = schema({ a: t.int64, b: t.utf8 })
  const small = Arena.create(64 << 10)
  const batches = batchesOf(
    s,
    Array.from({ length: 100 }, (_, seed) => ({ seed, rows: 200, sharing: 'same', select: false })),
  )
  const overflow = newFile()
  const out = written(s, batches, { partitions: 2, memory: small, overflow, blockBytes: 8192 })
  const where = new Set(out.blocks.flat().map(h => h.where))
  assert.deepEqual(where, new Set(['arena', 'file']))
  assert.ok(out.spilledBytes > 0)
  assert.equal(statSync(overflow.path).mode & 0o777, 0o600)
  assert.equal(statSync(join(folder, 'spill')).mode & 0o777, 0o700)
  const rows = out.blocks.flatMap(h => printed(partitionOf(h, small, s).batches({ release: true })))
  assert.deepEqual(rows.sort(), printed(batches).sort())
  assert.equal(small.used, 0)

  const writer = new ExchangeWriter({
    schema: s,
    partitions: 1,
    partitionOf: null,
    arena: small,
    overflow,
    blockBytes: 8192,
  })
  for (const batch of batches) writer.write(batch)
  writer.abort()
  assert.equal(small.used, 0)
  assert.ok(!existsSync(overflow.path))
})

test('a partition read again after release is our own fault', () => {
  const s = schema({ a: t.int32 })
  const out = written(s, batchesOf(s, [{ seed: 1, rows: 50, sharing: 'same', select: false }]), {
    partitions: 1,
  })
  const partition = partitionOf(out.blocks[0] as BlockHandle[], arena, s)
  assert.deepEqual(printed(partition.batches()), printed(partition.batches()))
  for (const _ of partition.batches({ release: true })) break
  assert.equal(arena.used, 0)
  assert.throws(() => [...partition.batches()], { kind: 'engine' })
})

test('long texts end a block early; one row always fits', () => {
  const s = schema({ a: t.utf8 })
  const column = newColumn(t.utf8, 40)
  for (let i = 0; i < 40; i++)
    writeValue(column, i, String.fromCharCode(97 + (i % 20)).repeat(i % 2 ? 30_000 : 3))
  const out = written(s, [dense(s, [column], 40)], { partitions: 1, blockBytes: 4096 })
  const blocks = out.blocks[0] as BlockHandle[]
  assert.ok(blocks.length >= 20)
  assert.deepEqual(read(s, blocks), printed([dense(s, [column], 40)]))
})

test('a dictionary that is cleared while its codes are held is noticed', () => {
  const s = schema({ a: t.utf8 })
  const pool = new Pool(true)
  const batch = () => {
    const column = newColumn(t.utf8, 3, pool)
    for (let i = 0; i < 3; i++) writeValue(column, i, `${i}`)
    return dense(s, [column], 3)
  }
  const writer = new ExchangeWriter({
    schema: s,
    partitions: 1,
    partitionOf: null,
    arena,
    overflow: newFile(),
  })
  writer.write(batch())
  pool.clear()
  pool.internString('x')
  const column = newColumn(t.utf8, 1, pool)
  assert.throws(() => writer.write(dense(s, [column], 1)), { kind: 'engine' })
})

test('repartition keeps rows and order, level after level', () => {
  fc.assert(
    fc.property(schemas, plans, (s, planned) => {
      const spill = new TaskSpill(join(folder, 'task'), { blockBytes: 2048 })
      const hashRows = keyHasher(s, [(s.list[0] as { name: string }).name])
      const batches = batchesOf(s, planned)
      const whole = written(s, batches, { partitions: 1 })
      const partition = partitionOf(whole.blocks[0] as BlockHandle[], arena, s)
      const parts = repartition(partition, spill, { schema: s, hashRows, level: 0, release: true })
      const again = parts.flatMap(p =>
        repartition(p, spill, { schema: s, hashRows, level: 1, release: true }),
      )
      const rows = again.map(p => printed(p.batches({ release: true })))
      const expected = printed(batches)
      assert.deepEqual(rows.flat().sort(), expected.slice().sort())
      // Rows of one key stay together and in order.
      const key = (row: string) => row.split(' ')[0]
      for (const part of rows)
        for (const k of new Set(part.map(key)))
          if (k !== '0' && k !== '-0')
            assert.deepEqual(
              part.filter(r => key(r) === k),
              expected.filter(r => key(r) === k),
            )
      spill.remove()
      const task = join(folder, 'task')
      assert.ok(!existsSync(task) || readdirSync(task).length === 0)
    }),
    { numRuns: 40 },
  )
})

test('a spill run writes chosen rows and counts its bytes', () => {
  const s = schema({ a: t.int32, b: t.utf8.nullable })
  const [batch] = batchesOf(s, [{ seed: 7, rows: 100, sharing: 'plain', select: true }])
  assert.ok(batch)
  const spill = new TaskSpill(join(folder, 'run'))
  const writer = spill.open(s)
  writer.write(batch)
  writer.write(batch, Int32Array.from([5, 3, 99, 0]), 3)
  const partition = writer.close()
  const picked = printed([{ ...batch, selection: Int32Array.from([5, 3, 99]), selected: 3 }])
  assert.deepEqual(printed(partition.batches()), [...printed([batch]), ...picked])
  assert.ok(spill.spilledBytes > 0)
  spill.remove()
})

test('a damaged, short or missing spill file is a resource fault', () => {
  const s = schema({ a: t.int32 })
  const overflow = newFile()
  const out = written(s, batchesOf(s, [{ seed: 3, rows: 100, sharing: 'same', select: false }]), {
    partitions: 1,
    memory: null,
    overflow,
  })
  const all = () => read(s, out.blocks[0] as BlockHandle[], false)
  const bytes = readFileSync(overflow.path)
  const broken = Buffer.from(bytes)
  broken[40] = (broken[40] as number) ^ 1
  writeFileSync(overflow.path, broken)
  assert.throws(all, { kind: 'resource', message: /damaged at byte 0: its checksum is wrong/ })
  writeFileSync(overflow.path, bytes.subarray(0, 30))
  assert.throws(all, { kind: 'resource', message: /too short/ })
  rmSync(overflow.path)
  assert.throws(all, { kind: 'resource', message: /cannot be read \(ENOENT\)/ })
})

test('a full or failing disk is a resource fault that says what to do', () => {
  const s = schema({ a: t.int32 })
  const batches = batchesOf(s, [{ seed: 3, rows: 100, sharing: 'same', select: false }])
  for (const code of ['ENOSPC', 'EIO']) {
    const overflow = new SpillFile(join(folder, 'millrace-0123456789abcdef', code), () => {
      throw Object.assign(new Error(`${code}: refused`), { code })
    })
    assert.throws(
      () => written(s, batches, { partitions: 1, memory: null, overflow }),
      (fault: Fault) => {
        assert.ok(fault instanceof Fault && fault.kind === 'resource')
        assert.ok(fault.message.includes(folder) && fault.message.includes(code))
        assert.match(fault.hint ?? '', /--scratch FOLDER/)
        return true
      },
    )
  }
})
