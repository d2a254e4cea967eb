/** Text out of Arrow whose kind is narrower than text: JSON and closed sets, in dictionaries, plain and in lists. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as arrow from 'apache-arrow'
import { rowReader } from '../compile/rows.ts'
import type { Fault } from '../fault.ts'
import { fromArrow } from './arrow.ts'
import { type AnySchema, schema, t } from './schema.ts'

type Texts = readonly (string | null)[]
const Coded = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32())
const Listed = new arrow.List(new arrow.Field('element', new arrow.Utf8(), true))

const batchOf = (values: readonly unknown[], type: arrow.DataType): arrow.RecordBatch =>
  new arrow.Table({ a: arrow.vectorFromArray([...values], type) }).batches[0] as arrow.RecordBatch

/** The values as a dictionary, as plain text, and each in a list of its own. */
const laidOut = (texts: Texts): [string, arrow.RecordBatch][] => [
  ['coded', batchOf(texts, Coded)],
  ['plain', batchOf(texts, new arrow.Utf8())],
  [
    'listed',
    batchOf(
      texts.map(text => [text]),
      Listed,
    ),
  ],
]

async function valuesOf(batch: arrow.RecordBatch, s: AnySchema): Promise<unknown[]> {
  const read = await fromArrow(batch, s)
  const row = rowReader(s)(read)
  return Array.from({ length: read.rows }, (_, i) => (row(i) as { a: unknown }).a)
}
const kindFor = (how: string, kind: typeof t.json.nullable | typeof t.json) =>
  schema({ a: how === 'listed' ? t.list(kind) : kind })

test('json is JSON: null is null, and white space between its parts does not stay', async () => {
  const texts = ['{"a" : [1, " b\\" "] }', ' null ', null, '1.50', 'null', '"x"', '1.50']
  const said = [{ a: [1, ' b" '] }, null, null, 1.5, null, 'x', 1.5]
  for (const [how, batch] of laidOut(texts)) {
    const found = await valuesOf(batch, kindFor(how, t.json.nullable))
    assert.deepEqual(found.flat(1), how === 'listed' ? said : said.flat(1), how)
  }
  const [first] = laidOut(texts)
  const { columns } = await fromArrow(
    first?.[1] as arrow.RecordBatch,
    schema({ a: t.json.nullable }),
  )
  const [column] = columns
  const text = Buffer.from(column?.pool?.view(column.values[0] as number) ?? []).toString()
  assert.equal(text, '{"a":[1," b\\" "]}')
})

test('a text that is no JSON, or is null where none may be, is a data fault', async () => {
  const deep = '['.repeat(1001) + ']'.repeat(1001)
  const cases: [string, RegExp][] = [
    ['{"a":', /expected json, got "\{\\"a\\":", which is no JSON value/],
    ['', /expected json, got ""/],
    ["{'a': 1}", /no JSON value/],
    ['NaN', /no JSON value/],
    ['null', /expected json, got "null"/],
    [deep, /no JSON value/],
  ]
  for (const [text, message] of cases)
    for (const [how, batch] of laidOut(['{}', text]))
      await assert.rejects(fromArrow(batch, kindFor(how, t.json)), (fault: Fault) => {
        assert.equal(fault.kind, 'data')
        assert.match(fault.message, message, how)
        assert.match(
          fault.message,
          how === 'listed' ? /column "a\[\]", row 1/ : /column "a", row 1/,
        )
        return true
      })
})

test('a text out of its set is a data fault; under a null it is not looked at', async () => {
  const s = schema({ a: t.oneOf('sad', 'glad').nullable })
  const rows = ['sad', null, 'glad']
  assert.deepEqual(await valuesOf(batchOf(rows, Coded), s), rows)
  await assert.rejects(fromArrow(batchOf([...rows, 'mad'], Coded), s), {
    kind: 'data',
    message: /column "a", row 3: expected .*got "mad"/,
  })
})
