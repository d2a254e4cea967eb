/** The page kernel against the readers in JavaScript: the same values of any bytes, damaged ones too. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { Bytes } from './bytes.ts'
import { DeltaReader } from './delta-read.ts'
import { writeDelta } from './delta-write.ts'
import { readHybrid } from './hybrid-read.ts'
import { writeHybrid } from './hybrid-write.ts'
import { PageKernel } from './page-kernel.ts'
import { SOURCE_HASH } from './page-kernel.wasm.ts'

const kernel = PageKernel.make() as PageKernel

/** What the reader in JavaScript makes of the same; null where it refuses. */
function hybrid(body: Uint8Array, width: number, count: number): number[] | null {
  const into = new Int32Array(count)
  try {
    readHybrid(body, { at: 0, end: body.length, width }, into, count)
    return [...into]
  } catch {
    return null
  }
}

function delta(body: Uint8Array, count: number, lanes: 1 | 2): number[] | null {
  try {
    const { words, count: got } = new DeltaReader(body, 0).read(lanes)
    return got === count ? [...words] : null
  } catch {
    return null
  }
}

/** Runs and noise, as indices have them. */
const codes = (bits: number) =>
  fc
    .array(
      fc.tuple(fc.integer({ min: 0, max: 2 ** bits - 1 }), fc.constantFrom(1, 1, 1, 3, 8, 9, 40)),
      { maxLength: 60 },
    )
    .map(runs => runs.flatMap(([v, n]) => Array<number>(n).fill(v | 0)))

test('the kernel was compiled from its source', () => {
  const source = readFileSync(new URL('./page-kernel.as', import.meta.url))
  assert.equal(SOURCE_HASH, createHash('sha256').update(source).digest('hex'))
})

test('the hybrid of every width', () => {
  const any = fc.integer({ min: 1, max: 32 }).chain(w => fc.tuple(fc.constant(w), codes(w)))
  fc.assert(
    fc.property(any, ([width, list]) => {
      const out = new Bytes()
      writeHybrid(out, Int32Array.from(list), list.length, width)
      const found = kernel.hybrid(out.view(), width, list.length)
      assert.deepEqual([...(found as Int32Array)], list)
      const most = Math.max(0, ...list.map(v => v >>> 0))
      assert.equal(kernel.greatest(found as Int32Array), most)
    }),
    { numRuns: 500 },
  )
})

test('hybrids of any bytes: as the reader has it, or left to it', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .array(fc.constantFrom(0, 1, 2, 3, 5, 16, 17, 128, 255), { maxLength: 40 })
      .map(a => Uint8Array.from(a)),
  )
  fc.assert(
    fc.property(
      bytes,
      fc.integer({ min: 0, max: 34 }),
      fc.integer({ min: 1, max: 99 }),
      (body, width, count) => {
        const found = kernel.hybrid(body, width, count)
        if (found) assert.deepEqual([...found], hybrid(body, width, count))
        const levels = kernel.levels(body, count)
        if (!levels) return
        const expected = hybrid(body, 1, count)
        assert.deepEqual([...levels.levels], expected)
        assert.equal(
          levels.some,
          expected?.reduce((sum, v) => sum + v, 0),
        )
      },
    ),
    { numRuns: 3000 },
  )
})

test('levels', () => {
  fc.assert(
    fc.property(codes(1), list => {
      const out = new Bytes()
      writeHybrid(out, Int32Array.from(list), list.length, 1)
      const found = kernel.levels(out.view(), list.length)
      assert.deepEqual([...(found?.levels ?? [])], list)
      assert.equal(found?.some, list.filter(v => v === 1).length)
    }),
  )
})

test('dense values go to their rows, bit by bit', () => {
  const rows = fc.array(fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })))
  fc.assert(
    fc.property(rows, list => {
      const dense = BigInt64Array.from(list.filter(v => v !== null))
      const levels = Uint8Array.from(list, v => (v === null ? 0 : 1))
      const two = kernel.place(new Int32Array(dense.buffer), levels, 2) as Int32Array
      assert.deepEqual(
        [...new BigInt64Array(two.buffer)],
        list.map(v => v ?? 0n),
      )
      const one = kernel.place(
        Int32Array.from(dense, v => Number(v & 0x7fffffffn)),
        levels,
        1,
      )
      assert.deepEqual(
        [...(one as Int32Array)],
        list.map(v => Number((v ?? 0n) & 0x7fffffffn)),
      )
    }),
  )
})

test('differences of both widths', () => {
  const list = fc.array(fc.integer({ min: -(2 ** 30), max: 2 ** 30 - 1 }), {
    minLength: 1,
    maxLength: 400,
  })
  fc.assert(
    fc.property(list, fc.constantFrom(1 as const, 2 as const), (values, lanes) => {
      const words = Int32Array.from(values.flatMap(v => (lanes === 1 ? [v] : [v, v >> 31])))
      const out = new Bytes()
      fc.pre(writeDelta(out, words, values.length, lanes))
      const found = kernel.delta(out.view(), values.length, lanes) as Int32Array
      assert.deepEqual(found, words)
    }),
    { numRuns: 300 },
  )
})

test('differences of any bytes: as the reader has it, or left to it', () => {
  const bytes = fc
    .tuple(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 40 }))
    .map(([rest, count]) => ({ body: Uint8Array.from([128, 1, 4, count, ...rest]), count }))
  fc.assert(
    fc.property(bytes, fc.constantFrom(1 as const, 2 as const), ({ body, count }, lanes) => {
      const found = kernel.delta(body, count, lanes)
      if (found) assert.deepEqual([...found], delta(body, count, lanes))
    }),
    { numRuns: 3000 },
  )
})

test('what does not fit its memory is left', () => {
  assert.equal(kernel.hybrid(new Uint8Array(1 << 25), 8, 8), null)
  assert.equal(kernel.levels(Uint8Array.of(2, 1), 1 << 25), null)
  // Grown in between: answers are read from the memory as it is then.
  const large = kernel.hybrid(Uint8Array.of(0x80, 0x80, 0x80, 1, 7), 8, 1 << 20) as Int32Array
  assert.deepEqual([large.length, large[0], large.at(-1)], [1 << 20, 7, 7])
})
