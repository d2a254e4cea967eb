/** The same rows and rejects at every split size, and as a plain sequential parser gives them. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { schema, t } from '../../../engine/data/schema.ts'
import { folderOf, readAll } from '../files/testing/read-all.ts'
import type { Bytes } from '../files/fields.ts'
import { Scratch } from '../files/scratch.ts'
import { CsvFiles } from './source.ts'
import { tokenise, WASTED_MAX } from './tokenise.ts'

const folder = folderOf({})
after(() => folder.remove())
const file = join(folder.path, 'a.csv')
const Two = schema({ a: t.utf8.nullable, b: t.utf8 })

interface Plain {
  rows: { a: string | null; b: string }[]
  rejects: { offset: number; line: number; raw: string }[]
}

/** Written from the rules alone: one character after another, over the whole text. */
function plain(text: string, recordMax: number): Plain {
  const out: Plain = { rows: [], rejects: [] }
  let at = 0
  const lineOf = (offset: number) => text.slice(0, offset).split('\n').length
  while (at < text.length) {
    const record = recordAt(text, at)
    const length = (record.end ?? text.length) - at
    if (length > recordMax || record.end === null) {
      const feed = text.indexOf('\n', at)
      const end = feed < 0 ? text.length : feed
      out.rejects.push({ offset: at, line: lineOf(at), raw: clip(text.slice(at, end)) })
      at = end + 1
      continue
    }
    const raw = clip(text.slice(at, record.end))
    const [a, b] = record.fields
    if (raw === '') {
      // An empty line.
    } else if (record.bad || record.fields.length !== 2 || !a || !b)
      out.rejects.push({ offset: at, line: lineOf(at), raw })
    else out.rows.push({ a: a.text === '' && !a.quoted ? null : a.text, b: b.text })
    at = record.end + 1
  }
  return out
}

const clip = (raw: string): string =>
  raw.length > 4096 ? `${raw.slice(0, 4096)}…` : raw.replace(/\r$/, '')

interface Field {
  text: string
  quoted: boolean
}

/** The record at a position; `end` is its line break's position, or the text's end; null: no end. */
function recordAt(
  text: string,
  start: number,
): { fields: Field[]; end: number | null; bad: boolean } {
  const fields: Field[] = []
  let bad = false
  let i = start
  for (;;) {
    const field: Field = { text: '', quoted: false }
    if (text[i] === '"') {
      field.quoted = true
      i++
      for (;;) {
        if (i >= text.length) return { fields, end: null, bad }
        if (text[i] === '"' && text[i + 1] === '"') {
          field.text += '"'
          i += 2
        } else if (text[i] === '"') break
        else field.text += text[i++]
      }
      i++
    }
    const from = i
    while (i < text.length && text[i] !== ',' && text[i] !== '\n') i++
    let rest = text.slice(from, i)
    const last = text[i] !== ','
    if (last && rest.endsWith('\r')) rest = rest.slice(0, -1)
    if (field.quoted) bad ||= rest !== ''
    else field.text = rest
    fields.push(field)
    if (last) return { fields, end: Math.min(i, text.length), bad }
    i++
  }
}

const pieces = fc.array(
  fc.constantFrom('"', '"', ',', ',', '\n', '\n', '\r', '\r\n', 'a', 'bc', 'x,y\n', '"q\nr",s\n'),
  { maxLength: 40 },
)

async function check(text: string, splitBytes: number, recordBytesMax: number): Promise<void> {
  writeFileSync(file, text)
  const expected = plain(text, recordBytesMax)
  const source = new CsvFiles(file, Two, { header: false, recordBytesMax: String(recordBytesMax) })
  const got = await readAll(source, { splitBytes, rowsPerBatch: 1 + (splitBytes % 5) })
  // Long texts make unreadable messages.
  if (text.length > 10_000) assert.ok(JSON.stringify(got.rows) === JSON.stringify(expected.rows))
  else assert.deepEqual(got.rows, expected.rows)
  assert.deepEqual(
    got.rejects.map(({ offset, line, raw }) => ({ offset, line, raw })),
    expected.rejects,
  )
}

test('random bytes read alike at every split size', async () => {
  await fc.assert(
    fc.asyncProperty(
      pieces,
      fc.integer({ min: 1, max: 24 }),
      fc.constantFrom(6, 15, 1000),
      async (parts, splitBytes, max) => {
        await check(parts.join(''), splitBytes, max)
      },
    ),
    { numRuns: 1500 },
  )
})

test('every split size of one awkward text', async () => {
  const text =
    'a,b\r\n"x\ny","z"\n\n"one ""two""\n\n",w\nragged\n"open,\nc,d\n1,2,3\n"",e\n"p"q,r\nlast,one'
  for (let size = 1; size <= text.length + 1; size++)
    for (const max of [8, 1000]) await check(text, size, max)
})

test('records across windows: longer than a read, and than several', async () => {
  const long = 'y'.repeat(700_000)
  const text = `a,b\n"${long}\n${long}",2\n${'k,v\n'.repeat(60_000)}z,${long}${long}${long}\ne,f`
  for (const [size, max] of [
    [100_000, 4e6],
    [1e9, 1e6],
  ] as const)
    await check(text, size, max)
})

test('a file of quotes that never close is given up', () => {
  const bytes = Buffer.from('a","\n'.repeat(1000)) as Bytes
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const base = new Scratch(Two, 10, { idle: [] }).walk(1e6)
  const own = { bytes, view, limit: bytes.length - 10, stop: 1e6, final: true }
  const walk = { ...base, ...own, slots: Int32Array.of(0, 1), delimiter: 44, uri: 'x.csv' }
  bytes[own.limit] = 10
  assert.equal(tokenise({ ...walk, broken: [], wasted: 0 }, null), 'done')
  const late = { ...walk, wasted: WASTED_MAX - 1e6 }
  assert.throws(() => tokenise(late, null), /x\.csv has too many quotes that are never closed/)
})
