import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { Arena, PAGE_BYTES } from './arena.ts'

test('runs never overlap, all of it can be used, and freeing gives it back', () => {
  const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 6 * PAGE_BYTES }), fc.boolean()), {
    maxLength: 200,
  })
  fc.assert(
    fc.property(sizes, steps => {
      const arena = Arena.create(40 * PAGE_BYTES)
      const held = new Map<number, number>()
      for (const [bytes, drop] of steps) {
        const offset = arena.allocate(bytes)
        if (offset >= 0) {
          assert.equal(offset % 8, 0)
          assert.ok(offset + bytes <= arena.buffer.byteLength)
          for (const [at, size] of held) assert.ok(offset >= at + size || offset + bytes <= at)
          held.set(offset, bytes)
        }
        const [first] = held
        if (drop && first) {
          arena.free(...first)
          held.delete(first[0])
        }
      }
      for (const [at, size] of held) arena.free(at, size)
      assert.equal(arena.used, 0)
      assert.ok(arena.peak <= arena.capacity)
      assert.ok(arena.allocate(arena.capacity) > 0)
      assert.equal(arena.allocate(1), -1)
    }),
    { numRuns: 100 },
  )
})

test('freeing twice, or what was never allocated, is our own fault', () => {
  const arena = Arena.create(1 << 20)
  const offset = arena.allocate(100)
  arena.free(offset, 100)
  assert.throws(() => arena.free(offset, 100), { kind: 'engine', message: /freed twice/ })
  assert.throws(() => arena.free(offset + 1, 100), { kind: 'engine' })
  assert.throws(() => arena.free(0, 1), { kind: 'engine' })
  assert.ok(arena.allocate(1) > 0)
})

test('memory that cannot be reserved is a resource fault', () => {
  assert.throws(() => Arena.create(2 ** 52), { kind: 'resource' })
})

const WORKER = `
import { workerData, parentPort } from 'node:worker_threads'
const { Arena } = await import(workerData.module)
const arena = Arena.attach(workerData.buffer)
const held = []
let full = 0
for (let round = 0; round < 20000; round++) {
  const bytes = 1 + (Math.imul(round * 8 + workerData.id, 2654435761) >>> 0) % 100000
  const offset = arena.allocate(bytes)
  if (offset < 0) full++
  else {
    const words = new Int32Array(arena.buffer, offset, Math.max(1, bytes >>> 2))
    words[0] = words[words.length - 1] = round * 8 + workerData.id
    held.push([offset, bytes, words, round * 8 + workerData.id])
  }
  if (held.length > 20 || offset < 0 && held.length > 0) {
    const [at, size, words, mark] = held.splice(round % held.length, 1)[0]
    if (words[0] !== mark || words[words.length - 1] !== mark) throw new Error('overwritten')
    arena.free(at, size)
  }
}
for (const [at, size] of held) arena.free(at, size)
parentPort.postMessage(full)
`

test('several threads allocate and free at once', async () => {
  const arena = Arena.create(1 << 20)
  const module = new URL('./arena.ts', import.meta.url).href
  const runs = [1, 2, 3].map(id => {
    const source = new URL(`data:text/javascript,${encodeURIComponent(WORKER)}`)
    const worker = new Worker(source, { workerData: { id, module, buffer: arena.buffer } })
    return new Promise<number>((resolve, reject) =>
      worker.once('message', resolve).once('error', reject),
    )
  })
  const full = await Promise.all(runs)
  assert.equal(arena.used, 0)
  assert.ok(arena.peak > 0 && full.some(n => n > 0))
})

const BUSY = `
import { workerData, parentPort } from 'node:worker_threads'
const { Arena } = await import(workerData.module)
const arena = Arena.attach(workerData.buffer)
arena.owner = workerData.owner
for (let kept = 0, round = 0; ; round++) {
  const offset = arena.allocate(1 + (round * 7919) % 60000)
  if (offset < 0) continue
  if (kept < 3 && ++kept === 3) parentPort.postMessage('taken')
  else if (kept < 3) continue
  else arena.free(offset, 1 + (round * 7919) % 60000)
}
`

test('a thread that dies while it takes and frees: all it had, and its lock, come back', async () => {
  const arena = Arena.create(1 << 20)
  const module = new URL('./arena.ts', import.meta.url).href
  const source = new URL(`data:text/javascript,${encodeURIComponent(BUSY)}`)
  const mine = arena.allocate(PAGE_BYTES)
  const workers: Worker[] = []
  const start = async (owner: number): Promise<Worker> => {
    const worker = new Worker(source, { workerData: { module, owner, buffer: arena.buffer } })
    workers.push(worker)
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    return worker
  }
  try {
    for (let owner = 2; owner < 12; owner += 2) {
      const [first, second] = await Promise.all([start(owner), start(owner + 1)])
      await first.terminate()
      arena.reclaim(owner)
      // The other one goes on, and is not robbed.
      assert.ok(arena.used >= 4 * PAGE_BYTES)
      await second.terminate()
      arena.reclaim(owner + 1)
      assert.equal(arena.used, PAGE_BYTES)
    }
  } finally {
    for (const worker of workers) await worker.terminate()
  }
  arena.free(mine, PAGE_BYTES)
  assert.ok(arena.allocate(arena.capacity) > 0)
})
