/** The walk's kernel against the walk in JavaScript: the same fields, and the same lines refused, of any bytes. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Kind } from '../../../engine/data/kind.ts'
import { type AnySchema, schemaOf, t } from '../../../engine/data/schema.ts'
import type { Fields } from '../files/fields.ts'
import type { Walk } from '../files/walk.ts'
import { Workspace } from '../files/workspace.ts'
import { JsonFormat } from './format.ts'
import { ObjectWalk } from './object.ts'
import { tokeniseLines } from './tokenise.ts'
import { WalkKernel } from './walk-kernel.ts'
import { SOURCE_HASH } from './walk-kernel.wasm.ts'

const LF = 10
const ROWS = 40
/** Names of all lengths about the kernel's 16 bytes and its entry's end, and such as JSON must escape. */
const NAMES = ['a', 'b', 'ab', '', 'é', 'name of 14 byt', 'name of 15 byte', 'name of 16 bytes']
NAMES.push('a name of many more bytes', 'a name of many more bytes!', 'x'.repeat(110), 'q"', '\n')
const Named = schemaOf(NAMES.map(name => ({ name, kind: t.utf8.nullable }))) as AnySchema

interface Setting {
  readonly next: number
  readonly stop: number
  readonly final: boolean
  readonly skipping: boolean
  readonly rowsMax: number
  readonly recordBytesMax: number
}

/** A walk over a workspace that holds `bytes`, and after them what an earlier read left. */
function walkOver(space: Workspace, bytes: Uint8Array, o: Setting): Walk {
  space.window.fill('{"a":1}\n', 0, bytes.length + 64)
  space.window.set(bytes)
  space.window[bytes.length] = LF
  const { starts, ends, at, window } = space
  const view = new DataView(window.buffer, window.byteOffset, window.byteLength)
  const arrays = { bytes: window, view, starts, ends, at, stride: NAMES.length + 1 }
  return { ...o, ...arrays, limit: bytes.length, rows: 0, lines: 0, broken: [] }
}

const spaceFor = (s: AnySchema) =>
  new Workspace(ROWS, {
    fieldsMax: s.list.length + 1,
    kinds: [],
    tableBytes: WalkKernel.tableBytes(s),
  })

const shared = spaceFor(Named)

/** A walk over `bytes` to its end; each step's leavings. */
function walked(bytes: Uint8Array, o: Setting, withKernel: boolean): unknown[] {
  const kernel = withKernel ? WalkKernel.over(shared, Named) : null
  const w = walkOver(shared, bytes, o)
  const objects = new ObjectWalk(Named, {
    breaks: false,
    bytes: w.bytes,
    view: w.view,
    nestingMax: 1000,
  })
  const steps: unknown[] = []
  for (let step = 0; step < 100; step++) {
    const stopped = tokeniseLines(w, objects, kernel)
    const fields = Array.from({ length: w.rows }, (_, row) =>
      [...w.at.subarray(row * w.stride * 2)].slice(0, NAMES.length * 2),
    )
    const lists = [fields, [...w.starts.subarray(0, w.rows)], [...w.ends.subarray(0, w.rows)]]
    steps.push([stopped, w.next, w.lines, w.skipping, ...lists, [...w.broken]])
    if (stopped !== 'full') break
    w.rows = 0
    w.broken.length = 0
  }
  return steps
}

const space = fc.constantFrom('', '', '', '', ' ', '\t', '\r', '  ')
const key = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...NAMES).map(name => JSON.stringify(name)) },
  fc.constantFrom('"\\u0061"', '"unknown"', '"\\x"', 'a', `"${'y'.repeat(111)}"`),
  fc.string({ maxLength: 20 }).map(name => JSON.stringify(name)),
)
const text = fc.oneof(
  fc.string({ maxLength: 40 }).map(value => JSON.stringify(value)),
  fc.string({ unit: 'binary', maxLength: 20 }).map(value => `"${value}"`),
  fc.constantFrom(
    '"\\ud83d\\ude00"',
    '"\\ud83d"',
    '"\\u00eG"',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
    '"é😀"',
  ),
  fc.integer({ min: 0, max: 40 }).map(n => `"${'z'.repeat(n)}\\n${'z'.repeat(n)}"`),
)
const number = fc.oneof(
  fc.double().map(String),
  fc.integer().map(String),
  fc.stringMatching(/^-?\d{0,18}(\.\d{0,18})?([eE][+-]?\d{0,3})?$/),
)
const deep = fc
  .tuple(fc.constantFrom('[]', '{"a":}'), fc.constantFrom(1, 2, 62, 63, 64, 65, 66, 300))
  .map(([pair, n]) => {
    const half = pair.length - 1
    return `${pair.slice(0, half).repeat(n)}1${pair.slice(half).repeat(n)}`
  })
const value: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 4, arbitrary: number },
  fc.constantFrom('null', 'true', 'false', 'nul', 'NULL', 'tru', 'fals', '', 'None', '[]', '{}'),
  fc.json({ maxDepth: 4 }),
  deep,
)
const pair = fc
  .tuple(space, key, space, space, value, space)
  .map(([a, k, b, c, v, d]) => `${a}${k}${b}:${c}${v}${d}`)
const object = fc
  .tuple(space, fc.array(pair, { maxLength: 9 }), space)
  .map(([before, pairs, after]) => `${before}{${pairs.join(',')}}${after}`)
/** The same keys over and over, as most files have them. */
const regular = fc
  .array(fc.tuple(text, number), { maxLength: 6 })
  .map(rows => rows.map(([b, n]) => `{"a":${n},"é":${b},"none":${n}}`).join('\n'))
const line = fc.oneof(
  { weight: 6, arbitrary: object },
  regular,
  fc.constantFrom('', ' ', '\r', '\ufeff{"a":1}', '[1]', '5', '{', '{"a":1}}', '{"a":1,}', '{,}'),
)
const change = fc.tuple(fc.nat(), fc.nat(255))
const input = fc
  .tuple(
    fc.array(line, { maxLength: 12 }),
    fc.constantFrom('\n', '\r\n'),
    fc.array(change, { maxLength: 2 }),
  )
  .map(([lines, separator, changes]) => {
    const bytes = Buffer.from(lines.join(separator))
    for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte
    return bytes
  })
const setting = fc.record({
  next: fc.integer({ min: 0, max: 3 }),
  stop: fc.oneof(fc.constant(1e9), fc.integer({ min: -1000, max: 600 })),
  final: fc.boolean(),
  skipping: fc.boolean(),
  rowsMax: fc.integer({ min: 1, max: ROWS }),
  recordBytesMax: fc.constantFrom(10, 80, 1e6, 1e6),
})

test('the kernel walks as the rule does', () => {
  fc.assert(
    fc.property(input, setting, (bytes, o) => {
      const within = { ...o, next: Math.min(o.next, bytes.length) }
      assert.deepEqual(walked(bytes, within, true), walked(bytes, within, false))
    }),
    { numRuns: 3000 },
  )
})

test('cut anywhere, the kernel walks as the rule does', () => {
  const whole = Buffer.from(
    '{"a":"x","b":-1.5e3,"ab":null}\r\n\n {"a" : "\\u00e9", "z" : [ {"a":[1,true,{}]} , "]" ] }\n{"":1}\n',
  )
  const o = { next: 0, stop: 1e9, skipping: false, rowsMax: ROWS, recordBytesMax: 1e6 }
  for (let end = 0; end <= whole.length; end++)
    for (const final of [true, false]) {
      const bytes = whole.subarray(0, end)
      assert.deepEqual(walked(bytes, { ...o, final }, true), walked(bytes, { ...o, final }, false))
    }
})

/** Each byte but most letters and digits. */
const ANY = Array.from({ length: 256 }, (_, byte) => byte).filter(
  byte => byte < 128 && !/[2-8A-DF-TV-Zg-mo-qv-z]/.test(String.fromCharCode(byte)),
)
ANY.push(0x80, 0xbf, 0xc3, 0xff)

test('with any byte of many anywhere, the kernel walks as the rule does', () => {
  const line = Buffer.from(
    '{"a":"x\\u0e9A\\n","name of 16 bytes": -1.5e3,"z":[{"a":true}],"b":null}\n',
  )
  const o = { next: 0, stop: 1e9, skipping: false, rowsMax: 2, recordBytesMax: 1e6, final: true }
  for (let at = 0; at < line.length; at++)
    for (const byte of ANY) {
      const bytes = Buffer.concat([line, line])
      bytes[line.length + at] = byte
      assert.deepEqual(walked(bytes, o, true), walked(bytes, o, false))
    }
})

const ALL = {
  next: 0,
  stop: 1e9,
  final: false,
  skipping: false,
  rowsMax: ROWS,
  recordBytesMax: 999,
}

test('the kernel does the walking where lines are as they should be', () => {
  const space = spaceFor(Named)
  const kernel = WalkKernel.over(space, Named) as WalkKernel
  const deep = `${'['.repeat(64)}${']'.repeat(64)}`
  const rows = [
    '{"a":"x","b":1}',
    '{ "b" : -1.5e-3, "a" : "\\u00e9" }\r',
    `{"other":${deep},"more":{"a":[{}]}}`,
  ]
  const text = `${`${rows.join('\n')}\n\n`.repeat(10)}{"\\u0061":1}\n`
  const w = walkOver(space, Buffer.from(text), ALL)
  assert.equal(kernel.run(w), true)
  assert.deepEqual([w.rows, w.lines, text.slice(w.next)], [30, 40, '{"\\u0061":1}\n'])
  assert.equal(kernel.run(w), false)
})

test('more strange keys than the kernel remembers', () => {
  const space = spaceFor(Named)
  const kernel = WalkKernel.over(space, Named) as WalkKernel
  for (let n = 0; n < 1000; n += 20) {
    const line = (i: number) => `{"stranger ${n + i}":1,"b":${i},"${'y'.repeat(i * 8)}":2}\n`
    const text = Array.from({ length: 20 }, (_, i) => line(i)).join('')
    const w = walkOver(space, Buffer.from(text), ALL)
    kernel.run(w)
    assert.deepEqual([w.rows, w.next], [20, text.length])
    for (let row = 0; row < 20; row++) {
      const [start, end] = w.at.subarray((row * w.stride + 1) * 2) as Iterable<number>
      assert.equal(w.bytes.toString('latin1', start, end), String(row))
    }
  }
})

test('a name that has no room in the table leaves all to the rule', () => {
  const long = schemaOf([{ name: 'x'.repeat(111), kind: t.int32 }]) as AnySchema
  assert.equal(WalkKernel.over(spaceFor(long), long), null)
})

const KINDS: Kind[] = [t.utf8, t.int32.nullable, t.float64, t.bool, t.bigint, t.timestamp.nullable]
KINDS.push(t.decimal(10, 2), t.date, t.bytes, t.oneOf('a', 'b').nullable, t.datetime, t.timestamp)

test('the kernel is sure of what the format takes, and of nothing else', () => {
  const schema = schemaOf(KINDS.map((kind, k) => ({ name: NAMES[k] as string, kind }))) as AnySchema
  const clocks = KINDS.map((_, k) => ({ parse: null, toUtc: null, epoch: k < 6 }))
  const refused = (bytes: Uint8Array, withKernel: boolean) => {
    const kernel = WalkKernel.over(shared, Named) as WalkKernel
    const w = walkOver(shared, bytes, { ...ALL, final: true })
    const objects = new ObjectWalk(Named, {
      breaks: false,
      bytes: w.bytes,
      view: w.view,
      nestingMax: 1000,
    })
    tokeniseLines(w, objects, kernel)
    const format = new JsonFormat(schema, clocks, withKernel ? kernel : null)
    return KINDS.map((_, k) => {
      const found: [number, string][] = []
      const refuse = (row: number, why: string) => void found.push([row, why])
      format.prepare({ ...w, json: true, refuse, unescape: () => 0, plain: w.bytes } as Fields, k)
      return found
    })
  }
  const typed = fc.oneof(
    value,
    fc.constantFrom('"2011-01-31"', '"1290000000000"', '"-129"', '"NaN"', '"Infinity"', '"1"'),
  )
  const row = fc
    .array(typed, { minLength: KINDS.length, maxLength: KINDS.length })
    .map(values => `{${values.map((v, k) => `${JSON.stringify(NAMES[k])}:${v}`).join()}}`)
  fc.assert(
    fc.property(fc.array(fc.oneof(row, object), { maxLength: 6 }), rows => {
      const bytes = Buffer.from(rows.join('\n'))
      assert.deepEqual(refused(bytes, true), refused(bytes, false))
    }),
    { numRuns: 600 },
  )
})

test('the compiled kernel is the one whose text stands beside it', () => {
  const text = readFileSync(new URL('./walk-kernel.as', import.meta.url))
  const hash = createHash('sha256').update(text).digest('hex')
  assert.equal(SOURCE_HASH, hash, 'run node scripts/kernels.mjs')
})
