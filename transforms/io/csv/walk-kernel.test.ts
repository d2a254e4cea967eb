/** The walk's kernel against the walk in JavaScript: the same fields of any bytes. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { Workspace } from '../files/workspace.ts'
import { type CsvWalk, tokenise } from './tokenise.ts'
import { WalkKernel } from './walk-kernel.ts'
import { SOURCE_HASH } from './walk-kernel.wasm.ts'

const LF = 10
const FIELDS = 3
const ROWS = 40

/** A walk over `bytes` in a workspace of its own, to its end; each step's leavings. */
function walked(bytes: Uint8Array, o: Setting, withKernel: boolean): unknown[] {
  const space = new Workspace(ROWS, { fieldsMax: FIELDS + 1, kinds: [] })
  const slots = Int32Array.from([1, 0, 2])
  space.window.fill(0x2c, 0, bytes.length + 64)
  space.window.set(bytes)
  space.window[bytes.length] = LF
  const { starts, ends, at, window } = space
  const w: CsvWalk = {
    bytes: window,
    view: new DataView(window.buffer, window.byteOffset, window.byteLength),
    next: o.next,
    limit: bytes.length,
    final: o.final,
    stop: o.stop,
    skipping: o.skipping,
    rows: 0,
    rowsMax: o.rowsMax,
    starts,
    ends,
    at,
    stride: FIELDS + 1,
    recordBytesMax: o.recordBytesMax,
    lines: 0,
    broken: [],
    slots,
    delimiter: 0x2c,
    uri: 'x.csv',
    wasted: 0,
  }
  const kernel = withKernel ? WalkKernel.over(space, slots) : null
  const steps: unknown[] = []
  for (let step = 0; step < 100; step++) {
    const stopped = tokenise(w, kernel)
    const fields = Array.from({ length: w.rows }, (_, row) =>
      [...at.subarray(row * (FIELDS + 1) * 2)].slice(0, FIELDS * 2),
    )
    const lists = [fields, [...starts.subarray(0, w.rows)], [...ends.subarray(0, w.rows)]]
    steps.push([stopped, w.next, w.lines, w.skipping, ...lists, [...w.broken]])
    if (stopped !== 'full') break
    w.rows = 0
    w.broken.length = 0
  }
  return steps
}

interface Setting {
  readonly next: number
  readonly stop: number
  readonly final: boolean
  readonly skipping: boolean
  readonly rowsMax: number
  readonly recordBytesMax: number
}

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(',', '\n', '"', '\r\n', '\r', '""') },
  { weight: 4, arbitrary: fc.constantFrom('a,b,c\n', '"a",b,c\r\n', 'a,"b,\n""b""",c\n', '\n') },
  { weight: 4, arbitrary: fc.string({ maxLength: 40 }) },
)
const setting = fc.record({
  next: fc.integer({ min: 0, max: 3 }),
  stop: fc.integer({ min: 0, max: 600 }),
  final: fc.boolean(),
  skipping: fc.boolean(),
  rowsMax: fc.integer({ min: 1, max: ROWS }),
  recordBytesMax: fc.constantFrom(4, 20, 1000),
})

test('the kernel walks as the rule does', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), setting, (pieces, o) => {
      const bytes = Buffer.from(pieces.join(''))
      const within = { ...o, next: Math.min(o.next, bytes.length) }
      assert.deepEqual(walked(bytes, within, true), walked(bytes, within, false))
    }),
    { numRuns: 3000 },
  )
})

test('the kernel does the walking where records are as they should be', () => {
  const space = new Workspace(ROWS, { fieldsMax: FIELDS + 1, kinds: [] })
  const slots = Int32Array.from([0, 1, 2])
  const kernel = WalkKernel.over(space, slots) as WalkKernel
  const text = `${'a,"b ""c"" d",e\r\n'.repeat(30)}cut,off`
  space.window.write(text)
  space.window[text.length] = LF
  const { starts, ends, at, window: bytes } = space
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const walk = { bytes, view, starts, ends, at, slots, stride: FIELDS + 1, delimiter: 0x2c }
  const limits = { limit: text.length, final: false, stop: 1e9, rowsMax: ROWS, recordBytesMax: 99 }
  const w = { ...walk, ...limits, next: 0, skipping: false, rows: 0, lines: 0, broken: [] }
  assert.equal(kernel.run(w), true)
  assert.deepEqual([w.rows, w.lines, text.slice(w.next)], [30, 30, 'cut,off'])
  assert.equal(kernel.run(w), false)
})

test('the compiled kernel is the one whose text stands beside it', () => {
  const text = readFileSync(new URL('./walk-kernel.as', import.meta.url))
  const hash = createHash('sha256').update(text).digest('hex')
  assert.equal(SOURCE_HASH, hash, 'run node scripts/kernels.mjs')
})
