/** Workbooks: what each kind of cell becomes, where a reject lies, headers, sheets, and what is refused. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Kind } from '../../../engine/data/kind.ts'
import { type AnySchema, schema, schemaOf, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { folderOf, readAll } from '../files/testing/read-all.ts'
import type { XlsxSource } from './options.ts'
import { rowsOf, type SheetXml, workbook, zipOf } from './testing/workbook.ts'
import { xlsx } from './xlsx.ts'

const folder = folderOf({})
after(() => folder.remove())
const path = join(folder.path, 'a.xlsx')
// biome-ignore lint/suspicious/noExplicitAny: options for whatever schema
type Options = XlsxSource<any>

function read(book: Buffer, s: AnySchema, o: Options = {}) {
  writeFileSync(path, book)
  return readAll(xlsx(path, s, o), { rowsPerBatch: 3 })
}

const sheet = (rows: string): SheetXml[] => [{ name: 'Sheet1', rows }]

/** Reads cells, each in a row of its own below the header `v`. */
async function cells(kind: Kind, xml: readonly string[], o: Parameters<typeof workbook>[1] = {}) {
  const rows = `<row><c t="str"><v>v</v></c></row>${xml.map(c => `<row>${c}</row>`).join('')}`
  const { rows: found, rejects } = await read(
    workbook(sheet(rows), o),
    schemaOf([{ name: 'v', kind }]),
  )
  return {
    values: found.map(r => r.v),
    reasons: rejects.map(r => `${r.uri?.replace(/^.*#/, '')} ${r.reason}`),
  }
}

const n = (value: string, style?: number) => `<c${style ? ` s="${style}"` : ''}><v>${value}</v></c>`
const at = (y: number, ...rest: number[]) => Date.UTC(y, ...(rest as [number]))

test('numbers: as they were typed, whatever digits Excel writes', async () => {
  const { values, reasons } = await cells(t.decimal(30, 4), [
    n('2.5499999999999998'),
    n('0.1'),
    n('1.2E-3'),
    n('1.2344999999999999E+20'),
    n('-7'),
    '<c t="str"><f>1+1</f><v>2.50</v></c>',
    n('2.55555'),
    '<c t="inlineStr"><is><t>abc</t></is></c>',
  ])
  assert.deepEqual(values, [25500n, 1000n, 12n, 1234500000000000000000000n, -70000n, 25000n])
  assert.deepEqual(reasons, [
    'Sheet1!A8 expected decimal(30,4), got "2.55555" (would be rounded)',
    'Sheet1!A9 expected decimal(30,4), got "abc"',
  ])
  assert.deepEqual(
    (await cells(t.int32, [n('17850.0'), n('1E3'), n('5')])).values,
    [17850, 1000, 5],
  )
  assert.deepEqual(
    (await cells(t.float64, [n('2.5499999999999998'), n('1E-300')])).values,
    [2.55, 1e-300],
  )
  assert.deepEqual((await cells(t.int64, [n('9007199254740991')])).values, [9007199254740991])
  // A number in a text column is its digits.
  assert.deepEqual(
    (await cells(t.utf8, [n('536365'), n('0.30000000000000004'), n('1E-7')])).values,
    ['536365', '0.3', '0.0000001'],
  )
})

test('dates and times, by both ways to count days', async () => {
  const serials = ['40513.35138888889', '61', '59', '1', '2958465.5']
  const expected = [
    at(2010, 11, 1, 8, 26),
    at(1900, 2, 1),
    at(1900, 1, 28),
    at(1900, 0, 1),
    at(9999, 11, 31, 12),
  ]
  assert.deepEqual(
    (
      await cells(
        t.timestamp,
        serials.map(s => n(s, 1)),
      )
    ).values,
    expected,
  )
  const mac = await cells(t.timestamp, [n('39051.35138888889', 1), n('0', 2)], { from1904: true })
  assert.deepEqual(mac.values, [at(2010, 11, 1, 8, 26), at(1904, 0, 1)])
  const dates = await cells(t.date, [
    n('40513', 2),
    n('40513.5', 2),
    n('60', 2),
    n('-1', 2),
    n('3000000', 1),
    n('2011'),
  ])
  assert.deepEqual(dates.values, [at(2010, 11, 1)])
  assert.deepEqual(dates.reasons, [
    'Sheet1!A4 expected date, got "60" (no such day)',
    'Sheet1!A5 expected date, got "-1" (no such day)',
    'Sheet1!A6 expected date, got "3000000" (no such day)',
    'Sheet1!A3 expected date, got "2010-12-01T12:00:00" (has a time of day)',
    'Sheet1!A7 expected date, got "2011"',
  ])
  const texts = await cells(t.utf8, [
    n('40513', 1),
    n('40513.25', 1),
    n('0.25', 1),
    n('1.5', 3),
    n('1.5', 4),
  ])
  assert.deepEqual(texts.values, ['2010-12-01', '2010-12-01T06:00:00', '06:00:00', '1.5', '1.5'])
  assert.deepEqual((await cells(t.int32, [n('40513', 1)])).reasons, [
    'Sheet1!A2 expected int32, got "2010-12-01"',
  ])
  const iso = '<c t="d"><v>2010-12-01T08:26:00</v></c>'
  assert.deepEqual((await cells(t.timestamp, [iso])).values, [at(2010, 11, 1, 8, 26)])
})

test('texts: shared, rich, inline, with what XML and Excel escape', async () => {
  const texts =
    '<si><t>a &amp; "b"</t></si><si><r><rPr><b/></rPr><t xml:space="preserve">rich </t></r><r><t>text</t></r><rPh sb="0" eb="1"><t>NO</t></rPh></si>' +
    '<si><t>l1\r\nl2_x000D_&#xe9;&#128512;</t></si><si/><si><t>"q"</t></si><si><t><![CDATA[<&]]></t></si><si><t>&lt;a\x1f_x001F_</t></si>'
  const shared = (i: number) => `<c t="s"><v>${i}</v></c>`
  const { values, reasons } = await cells(
    t.utf8,
    [
      ...[0, 1, 2, 4, 5].map(shared),
      '<c t="inlineStr"><is><r><t>x</t></r><r><t> y</t></r></is></c>',
      '<c t="b"><v>1</v></c>',
      shared(99),
    ],
    { texts: texts.replace('\x1f', '') },
  )
  assert.deepEqual(values, ['a & "b"', 'rich text', 'l1\nl2\ré😀', '"q"', '<&', 'x y', 'true'])
  assert.deepEqual(reasons, ['Sheet1!A9 the workbook has no shared text 99'])
  const separators = await cells(t.utf8, [shared(6)], { texts: texts.replace('\x1f', '') })
  assert.deepEqual(separators.values, ['<a\x1f'])
  assert.deepEqual(
    (await cells(t.bool, ['<c t="b"><v>0</v></c>', '<c t="b"><v>1</v></c>', n('1')])).values,
    [false, true, true],
  )
})

const Two = schema({ a: t.utf8.nullable, b: t.int32.nullable })

test('errors and formulas without a value are rejects, whether or not their column is read', async () => {
  const rows = rowsOf([
    ['b', 'junk', 'a'],
    [1, 'x', '<c t="e"><f>NA()</f><v>#N/A</v></c>'],
    [2, '<c r="B3" t="e"><v>#REF!</v></c>', 'fine'],
    ['<c r="A4"><f>1+1</f></c>', null, 'y'],
    ['<c r="A5"><f>1+1</f><v>2</v></c>', null, '<c r="C5" t="str"><f>""</f><v></v></c>'],
  ])
  writeFileSync(path, workbook(sheet(rows)))
  for (const wanted of [
    [true, true],
    [false, false],
  ]) {
    const { rows: found, rejects } = await readAll(xlsx(path, Two), { wanted })
    assert.deepEqual(
      found.map(r => r.b),
      [2, 2],
    )
    assert.deepEqual(
      found.map(r => r.a),
      ['fine', null],
    )
    assert.deepEqual(
      rejects.map(({ uri, line, column, reason, raw }) => [uri, line, column, reason, raw]),
      [
        [`${path}#Sheet1!C2`, 2, 'a', 'expected utf8, got the error #N/A', '1\t#N/A'],
        [
          `${path}#Sheet1!A4`,
          4,
          'b',
          'a formula without its value: calculate the workbook and save it',
          '\ty',
        ],
      ],
    )
  }
})

test('blank rows, merged cells and rows far apart', async () => {
  const rows =
    '<row r="3"/><row r="4"><c r="A4" s="1"/></row><row r="7"><c r="B7" t="str"><v>a</v></c><c r="AC7" t="str"><v>b</v></c></row>' +
    '<row r="9" spans="1:3"><c r="A9"><v>1</v></c><c r="AC9"><v>5</v></c></row><row r="10"><c r="B10" s="2"/></row><row r="1000000"><c r="AC1000000"><v>x</v></c></row>'
  const { rows: found, rejects } = await read(workbook(sheet(rows)), Two)
  assert.deepEqual(found, [{ a: null, b: 5 }])
  assert.deepEqual(
    rejects.map(r => [r.uri, r.line]),
    [[`${path}#Sheet1!AC1000000`, 1000000]],
  )
  assert.deepEqual((await read(workbook(sheet('')), Two)).rows, [])
})

test('headers: named, in snake case, none, in a later row, missing', async () => {
  const rows = rowsOf([['Sales of 2011'], ['The A', 'b', 'c'], ['x', 1, 2]])
  const named: Options = { header: { 'The A': 'a' }, headerRow: 2 }
  assert.deepEqual((await read(workbook(sheet(rows)), Two, named)).rows, [{ a: 'x', b: 1 }])
  const data = rowsOf([
    ['x', 1],
    ['y', 2],
  ])
  assert.deepEqual(
    (await read(workbook(sheet(data)), Two, { header: false })).rows.map(r => r.a),
    ['x', 'y'],
  )
  await fails(
    read(workbook(sheet(rows)), Two),
    /column "a" \(and 1 more\) is not in the header of .*a.xlsx#Sheet1[\s\S]*option headerRow/,
  )
  await fails(
    read(workbook(sheet(rows)), Two, { headerRow: 9 }),
    /has no row 9, which has its header/,
  )
  const { notes } = await xlsx(path, Two, named as XlsxSource<typeof Two.fields>).plan({
    splitBytes: 1,
  })
  assert.deepEqual(notes, [`${path}#Sheet1: columns that the schema lacks are not read: "c"`])
})

test('sheets by name, all of them, none of that name', async () => {
  const book = workbook([
    {
      name: 'Hidden',
      rows: rowsOf([
        ['a', 'b'],
        ['h', 0],
      ]),
      state: 'hidden',
    },
    {
      name: 'One &amp; é',
      rows: rowsOf([
        ['a', 'b'],
        ['x', 1],
      ]),
    },
    {
      name: 'Two',
      rows: rowsOf([
        ['b', 'a'],
        [2, 'y'],
        ['z', 'z'],
      ]),
    },
  ])
  const all = await read(book, Two, { sheet: '*' })
  assert.deepEqual(all.rows, [
    { a: 'x', b: 1 },
    { a: 'y', b: 2 },
  ])
  assert.equal(all.splits, 2)
  assert.deepEqual(
    all.rejects.map(r => r.uri),
    [`${path}#Two!A3`],
  )
  assert.deepEqual((await read(book, Two)).rows, [{ a: 'x', b: 1 }])
  assert.deepEqual((await read(book, Two, { sheet: 'Hidden' })).rows, [{ a: 'h', b: 0 }])
  await fails(
    read(book, Two, { sheet: 'Tow' }),
    /has no sheet "Tow"[\s\S]*"One & é"[\s\S]*did you mean "Two"/,
  )
})

async function fails(reading: Promise<unknown>, pattern: RegExp, kind: Fault['kind'] = 'data') {
  await assert.rejects(reading, e => {
    assert.ok(e instanceof Fault, String(e))
    assert.match(e.render(), pattern)
    assert.equal(e.kind, kind)
    return true
  })
}

test('what is no workbook, damaged or a bomb', async () => {
  const good = workbook(
    sheet(
      rowsOf([
        ['a', 'b'],
        ['x', 1],
      ]),
    ),
  )
  await fails(read(good.subarray(0, good.length - 30), Two), /a.xlsx is damaged/)
  await fails(read(Buffer.from('a,b\n'), Two), /is no workbook[\s\S]*csv/)
  await fails(read(Buffer.from('d0cf11e0a1b11ae1', 'hex'), Two), /old workbook.*password/)
  await fails(read(zipOf({ a: 'b' }), Two), /is no workbook \(.xlsx\)/)
  const parts = (rows: string) => ({ 'xl/worksheets/sheet1.xml': rows })
  const link = (name: string, type: string, target: string) => ({
    [name]: `<Relationships><Relationship Id="r" Type="x/${type}" Target="${target}"/></Relationships>`,
  })
  const files = (rows: string) => ({
    ...link('_rels/.rels', 'officeDocument', 'xl/w.xml'),
    'xl/w.xml': '<x:workbook><x:sheets><x:sheet name="S" r:id="r"/></x:sheets></x:workbook>',
    ...link('xl/_rels/w.xml.rels', 'worksheet', 'worksheets/sheet1.xml'),
    ...parts(rows),
  })
  const rows = `<x:worksheet><x:sheetData>${rowsOf([
    ['a', 'b'],
    ['x', 1],
  ]).replaceAll(/<(\/?)/g, '<$1x:')}</x:sheetData></x:worksheet>`
  assert.deepEqual((await read(zipOf(files(rows)), Two)).rows, [{ a: 'x', b: 1 }])
  const wide = rows.replace('</x:sheetData>', `<!-- ${'x'.repeat(1e6)} --></x:sheetData>`)
  await fails(read(zipOf(files(wide), { wrongSum: true }), Two), /does not match its checksum/)
  await fails(read(zipOf(files(rows), { flags: 1 }), Two), /is encrypted/)
  await fails(
    read(zipOf(files(rows), { size: 2 ** 31 }), Two),
    /grows to more than 500 times its size/,
  )
  await fails(read(zipOf(files(rows), { size: 100 }), Two), /is damaged/)
  await fails(read(zipOf(files(rows.slice(0, -40))), Two), /ends within a tag|ends too early/)
  await fails(
    read(zipOf(files(`<!DOCTYPE a [<!ENTITY b "c">]>${rows}`)), Two),
    /has a document type/,
  )
  await fails(read(zipOf(files(rows.replace('r="2"', 'r="1"'))), Two), /has row 1 after row 1/)
  await fails(
    read(zipOf(files(rows.replace('r="B2"', 'r="ZZZZ2"'))), Two),
    /has a cell without a column, in row 2/,
  )
  await fails(
    read(zipOf(files(rows.replace('r="B2"', 'r="A2"'))), Two),
    /cells of row 2 in no order/,
  )
  const long = workbook(sheet(''), { texts: `<si><t>${'x'.repeat(3000)}</t></si>` })
  await fails(
    read(long, Two, { textBytesMax: '1KB' }),
    /texts of .* take more than 1024 bytes/,
    'resource',
  )
})

test('a large sheet, and a run that stops early', async () => {
  const many = rowsOf([['a', 'b'], ...Array.from({ length: 30_000 }, (_, i) => [`text ${i}`, i])])
  const { rows, offsets } = await read(workbook(sheet(many)), Two)
  assert.equal(rows.length, 30_000)
  assert.ok(rows.every((r, i) => r.b === i && r.a === `text ${i}`))
  assert.ok(offsets.every((o, i) => i === 0 || o > (offsets[i - 1] as number)))
  const source = xlsx(path, Two)
  const { splits } = await source.plan({ splitBytes: 1 })
  const request = { wanted: [true, true], rowsPerBatch: 10, reject: () => {}, advance: () => {} }
  const reader = await source.open(splits[0] as never, request)
  await reader.next()
  await reader.close()
})
