/** The decoding kernel against the decoders: the same values, nulls and refusals of any texts. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Kind } from '../../../engine/data/kind.ts'
import { t } from '../../../engine/data/schema.ts'
import { DecodeKernel } from './decode-kernel.ts'
import { SOURCE_HASH } from './decode-kernel.wasm.ts'
import { type Clock, DECODE } from './decode/index.ts'
import { type Bytes, type Fields, NULL } from './fields.ts'
import { Workspace } from './workspace.ts'

const ROWS = 64
const UTC: Clock = { parse: null, toUtc: null }

/** Decodes the texts (null: a null) as one column; values, validity and refusals. */
function decoded(kind: Kind, texts: readonly (string | null)[], withKernel: boolean): unknown {
  const space = new Workspace(ROWS, { fieldsMax: 2, kinds: [kind] })
  const column = space.column(kind)
  const refused: [number, string][] = []
  const { window, at } = space
  let end = 32
  texts.forEach((text, row) => {
    at[4 * row] = end
    if (text !== null) end += window.write(text, end)
    at[4 * row + 1] = text === null ? NULL : end
    end++
  })
  const f: Fields = {
    bytes: window,
    view: new DataView(window.buffer, window.byteOffset, window.byteLength),
    at,
    stride: 2,
    rows: texts.length,
    json: false,
    refuse: (row, why) => refused.push([row, why]),
    unescape: () => 0,
    plain: Buffer.alloc(0) as unknown as Bytes,
  }
  // Rubbish of an earlier batch.
  column.values.fill(7 as never)
  const kernel = DecodeKernel.over(space)
  const left = withKernel && kernel ? kernel.decode(column, UTC, 0, f) : null
  if (withKernel) assert.notEqual(left, null)
  const decode = DECODE[kind.tag as keyof typeof DECODE]
  decode(f, 0, column, UTC, left)
  const { length } = texts
  const valid = column.valid ? [...column.valid.subarray(0, length)] : null
  const values = [...column.values.subarray(0, length)]
  for (const [row] of refused) values[row] = 0
  return { values, valid, refused }
}

const digits = fc.string({
  unit: fc.constantFrom(...'0123456789'),
  minLength: 0,
  maxLength: 11,
})
const number = fc
  .tuple(
    fc.constantFrom('', '-', '+', ' ', '--'),
    digits,
    fc.constantFrom('', '.', ',', ' ', '.0'),
    digits,
  )
  .map(parts => parts.join(''))
const pad = (n: number, size = 2) => String(n).padStart(size, '0')
const day = fc
  .tuple(fc.integer({ min: 0, max: 9999 }), fc.nat({ max: 13 }), fc.nat({ max: 32 }))
  .map(([y, m, d]) => `${pad(y, 4)}-${pad(m)}-${pad(d)}`)
const moment = fc
  .tuple(
    fc.oneof(day, fc.constant('2024-02-29'), fc.constant('2023-02-29')),
    fc.constantFrom(' ', 'T', '', 'x'),
    fc.nat({ max: 25 }),
    fc.nat({ max: 61 }),
    fc.nat({ max: 61 }),
    fc.constantFrom('', 'Z', '.5', '.123Z', '+01:00', ' '),
  )
  .map(([d, gap, h, m, s, zone]) => `${d}${gap}${pad(h)}:${pad(m)}:${pad(s)}${zone}`)
/** A text with one of its characters another one. */
const spoilt = (text: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 6, arbitrary: text },
    {
      weight: 2,
      arbitrary: fc
        .tuple(text, fc.nat({ max: 30 }), fc.constantFrom(...'/:-. aZ9\u0000é'))
        .map(([s, i, c]) => s.slice(0, i) + c + s.slice(i + 1)),
    },
  )
/** Some come several times in a row. */
const column = (text: fc.Arbitrary<string>) =>
  fc
    .array(fc.tuple(fc.option(spoilt(text), { freq: 8 }), fc.integer({ min: 1, max: 3 })), {
      maxLength: 20,
    })
    .map(runs => runs.flatMap(([text, times]) => Array.from({ length: times }, () => text)))

const kinds: [Kind, fc.Arbitrary<string>][] = [
  [t.int32, number],
  [t.int64, number],
  [t.decimal(10, 3), number],
  [t.decimal(15, 0), number],
  [t.decimal(4, 4), number],
  [t.date, fc.oneof(day, moment)],
  [t.timestamp, fc.oneof(moment, day)],
  [t.datetime, fc.oneof(moment, day)],
]
for (const [kind, text] of kinds)
  test(`the kernel decodes ${kind.name} as the decoder does`, () => {
    const run = (texts: (string | null)[], k: Kind) =>
      assert.deepEqual(decoded(k, texts, true), decoded(k, texts, false))
    fc.assert(
      fc.property(column(text), texts => {
        run(texts, kind.nullable)
        run(
          texts.map(s => s ?? '1'),
          kind,
        )
      }),
      { numRuns: 500 },
    )
  })

test('plain texts are not left', () => {
  const space = new Workspace(ROWS, { fieldsMax: 2, kinds: [t.decimal(10, 3)] })
  const column = space.column(t.decimal(10, 3))
  const { window, at } = space
  const end = 40 + window.write('-1234.56', 40)
  at[0] = 40
  at[1] = end
  const f = { stride: 2, rows: 1 } as Fields
  assert.deepEqual(DecodeKernel.over(space)?.decode(column, UTC, 0, f), new Int32Array(0))
  assert.equal(column.values[0], -1_234_560)
})

test('the compiled kernel is the one whose text stands beside it', () => {
  const text = readFileSync(new URL('./decode-kernel.as', import.meta.url))
  const hash = createHash('sha256').update(text).digest('hex')
  assert.equal(SOURCE_HASH, hash, 'run node scripts/kernels.mjs')
})
