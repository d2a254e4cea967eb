/** Headers: matched by name, in any order, and never trusted. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type AnySchema, type Fields, schema, schemaOf, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { folderOf, readAll } from '../files/testing/read-all.ts'
import { renderSummary } from '../../../cli/summary.ts'
import { runRows } from '../../../testing/index.ts'
import { csv } from './csv.ts'
import type { CsvSource } from './options.ts'
import { CsvFiles } from './source.ts'

const folder = folderOf({})
after(() => folder.remove())
const file = join(folder.path, 'h.csv')
const Two = schema({ invoiceNo: t.utf8, unitPrice: t.decimal(10, 2) })

async function read(
  text: string,
  s: AnySchema = Two,
  options: CsvSource<Fields> = {},
  name = 'h.csv',
) {
  const path = join(folder.path, name)
  writeFileSync(path, text)
  return readAll(new CsvFiles(path, s, options))
}
const rowsOf = async (...args: Parameters<typeof read>) => (await read(...args)).rows
const expected = [{ invoiceNo: 'a', unitPrice: 1.5 }]
const faulty =
  (pattern: RegExp, kind = 'data') =>
  (e: unknown) => {
    assert.ok(e instanceof Fault, String(e))
    assert.equal(e.kind, kind)
    assert.match(e.render(), pattern)
    return true
  }

test('by name, in any order, extra columns aside', async () => {
  assert.deepEqual(await rowsOf('invoiceNo,unitPrice\na,1.5\n'), expected)
  assert.deepEqual(await rowsOf('unitPrice,x,invoiceNo\n1.5,"y\nz",a'), expected)
  assert.deepEqual(await rowsOf('\ufeff\n"unitPrice", invoiceNo \r\n1.5,a\r\n'), expected)
  await assert.rejects(
    read('invoiceNo,unitPrice,x\n', Two, { extra: 'fail' }),
    faulty(/has columns that the schema lacks: "x"/),
  )
})

test('columns that are left aside are named: once for files that have the same', async () => {
  for (const [name, text] of [
    ['n1.csv', 'invoiceNo,unitPrice\na,1\n'],
    ['n2.csv', 'invoiceNo,x,"y ""z""",unitPrice\na,1,2,3\n'],
    ['n3.csv', 'invoiceNo,x,"y ""z""",unitPrice\nb,1,2,3\n'],
    ['n4.csv', 'a,b,c,d,e,f,g,invoiceNo,unitPrice\n1,2,3,4,5,6,7,c,1\n'],
  ] as const)
    writeFileSync(join(folder.path, name), text)
  const input = join(folder.path, 'n*.csv')
  const expectedNotes = [
    `${join(folder.path, 'n2.csv')} and 1 other file: columns that the schema lacks are not read: "x", "y \\"z\\""`,
    `${join(folder.path, 'n4.csv')}: columns that the schema lacks are not read: "a", "b", "c", "d", "e" and 2 more`,
  ]
  const { rows, report } = await runRows(p => ({ all: p.read(csv(input, Two)) }))
  assert.equal(rows.all.length, 4)
  assert.deepEqual(report.notes, expectedNotes)
  assert.ok(renderSummary(report).includes(`note: ${expectedNotes[1]}`))
})

test('by a map, by snake case, by position', async () => {
  assert.deepEqual(
    await rowsOf('Invoice No,unitPrice\na,1.5\n', Two, { header: { 'Invoice No': 'invoiceNo' } }),
    expected,
  )
  assert.deepEqual(
    await rowsOf('invoice_no,Unit Price\na,1.5\n', Two, { header: 'snake_case' }),
    expected,
  )
  assert.deepEqual(await rowsOf('a,1.5\n', Two, { header: false }), expected)
  assert.deepEqual(await rowsOf('a\t1.5\n', Two, { header: false }, 'h.tsv'), expected)
  assert.deepEqual(await rowsOf('invoiceNo;unitPrice\na;1.5\n', Two, { delimiter: ';' }), expected)
})

test('wrong headers', async () => {
  await assert.rejects(
    read('invoiceNr,unitPrice\na,1\n'),
    faulty(
      /column "invoiceNo" is not in the header.*\n.*have {2}invoiceNr unitPrice\n.*"invoiceNr"/,
    ),
  )
  await assert.rejects(
    read('invoiceNo,unitPrice,invoiceNo\na,1,b\n'),
    faulty(/column "invoiceNo" is twice/),
  )
  await assert.rejects(read('invoiceNo;unitPrice\na;1\n'), faulty(/delimited by ";"/))
  await assert.rejects(
    read('"invoiceNo,unitPrice\na,1\n'),
    faulty(/"invoiceNo" \(and 1 more\) is not in the header/),
  )
  assert.deepEqual(await rowsOf('x,x,unitPrice,invoiceNo\n1,2,1.5,a\n'), expected)
})

test('files without rows', async () => {
  for (const text of ['', 'invoiceNo,unitPrice', 'invoiceNo,unitPrice\n', '\n', '\ufeff'])
    assert.deepEqual((await read(text)).rows, [], JSON.stringify(text))
})

test('names are data, whatever they hold', async () => {
  const names = [
    '__proto__',
    'constructor',
    '"];process.exit()//',
    '\u2028',
    '',
    'a"b',
    'toString',
    '$' + '{1}',
    'l1\nl2',
  ]
  const s = schemaOf(names.map(name => ({ name, kind: t.utf8 })))
  const line = names.map(n => `"${n.replaceAll('"', '""')}"`).join(',')
  const rows = await rowsOf(`${line}\n${names.map((_, i) => i).join(',')}\n`, s)
  assert.deepEqual(
    Object.values(rows[0] as object),
    names.map((_, i) => String(i)),
  )
  assert.equal(Object.keys(rows[0] as object).length, names.length)
})

test('10,000 columns', async () => {
  const list = Array.from({ length: 10_000 }, (_, i) => ({
    name: `c${i}`,
    kind: i % 3 ? t.int32 : t.utf8,
  }))
  const line = list.map((_, i) => i).join(',')
  const text = `${list.map(f => f.name).join(',')}\n${`${line}\n`.repeat(30)}${line.replace(',7,', ',x,')}\n`
  const { rows, rejects } = await read(text, schemaOf(list))
  assert.equal(rows.length, 30)
  assert.deepEqual(Object.values(rows[29] as object).slice(0, 4), ['0', 1, 2, '3'])
  assert.equal(rejects[0]?.column, 'c7')
})

test('options that cannot be', () => {
  // biome-ignore lint/suspicious/noExplicitAny: what a caller without types may give
  const make = (o: any) => () => new CsvFiles(file, Two, o)
  assert.throws(
    make({ header: { x: 'invoice' } }),
    faulty(/column "invoice" does not exist/, 'pipeline'),
  )
  assert.throws(make({ delimiter: ',,,,,,,,,' }), faulty(/option delimiter/, 'pipeline'))
  assert.throws(make({ delimiter: '"' }), faulty(/option delimiter/, 'pipeline'))
  assert.throws(make({ encoding: 'utf-16' }), faulty(/option encoding/, 'pipeline'))
  assert.throws(make({ formats: { unitPrice: 'd' } }), faulty(/"unitPrice" is decimal/, 'pipeline'))
  assert.throws(make({ recordBytesMax: 'much' }), faulty(/not a size/, 'pipeline'))
  assert.throws(make({ timeZone: 'Mars/Olympus' }), faulty(/time zone/, 'pipeline'))
})
