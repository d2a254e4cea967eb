/** Nulls found by the kernel and by the rule: the same marks on any fields. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AnySchema, schema, t } from '../../../engine/data/schema.ts'
import { type Fields, NULL } from '../files/fields.ts'
import { Workspace } from '../files/workspace.ts'
import { CsvFormat } from './format.ts'
import { dialectOf } from './options.ts'
import { WalkKernel } from './walk-kernel.ts'

const Row = schema({ number: t.int32.nullable, text: t.utf8.nullable }) as unknown as AnySchema
const STRIDE = 3
const LONG = 'x'.repeat(40)

/** The end of each field after the nulls of both columns are marked. */
function marked(texts: readonly string[], nulls: readonly string[], withKernel: boolean): number[] {
  const rows = Math.ceil(texts.length / 2)
  const space = new Workspace(64, { fieldsMax: STRIDE, kinds: [] })
  const { window: bytes, at } = space
  let to = 1
  for (let i = 0; i < rows * 2; i++) {
    const text = texts[i] ?? ''
    const field = 2 * ((i >> 1) * STRIDE + (i & 1))
    const quoted = text.startsWith('"') ? 1 : 0
    const length = bytes.write(text, to)
    at[field] = to + quoted
    // Every fifth holds escapes.
    at[field + 1] = i % 5 === 4 ? ~(to + length) : to + length
    to += length + 1
  }
  const kernel = withKernel ? WalkKernel.over(space, Int32Array.from([0, 1])) : null
  const format = new CsvFormat(Row, dialectOf(Row, { nulls }), kernel)
  const fields = { bytes, at, stride: STRIDE, rows } as Fields
  format.prepare(fields, 0)
  format.prepare(fields, 1)
  return [...at.subarray(0, rows * STRIDE * 2)]
}

test('the kernel finds the nulls that the rule finds', () => {
  const text = fc.constantFrom(
    '',
    ' ',
    '\t ',
    'NA',
    ' NA',
    'NB',
    '"',
    '"NA',
    '" ',
    'é',
    LONG,
    `${LONG}y`,
    '-',
  )
  const lists = fc.constantFrom([''], ['', 'NA'], ['NA', '-'], [LONG], ['é', '', LONG], [])
  fc.assert(
    fc.property(fc.array(text, { maxLength: 60 }), lists, (texts, nulls) => {
      assert.deepEqual(marked(texts, nulls, true), marked(texts, nulls, false))
    }),
    { numRuns: 500 },
  )
})

test('an empty field is null, a quoted empty text is none', () => {
  const ends = marked(['', '', ' ', '"', '"', 'NA'], ['', 'NA'], true)
  const nulls = [1, 3, 7, 9, 13, 15].map(i => ends[i] === NULL)
  assert.deepEqual(nulls, [true, true, true, false, false, true])
})
