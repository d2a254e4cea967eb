/** Delimiters: by name, of several characters, guessed for a hint where a header does not fit. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { type Fields, schema, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { folderOf, readAll, type ReadOptions } from '../files/testing/read-all.ts'
import { csv } from './csv.ts'
import { likelyDelimiter } from './delimiter.ts'
import type { CsvSource } from './options.ts'

const folder = folderOf({})
after(() => folder.remove())
const Two = schema({ a: t.utf8, b: t.utf8 })

async function read(
  name: string,
  content: string | Uint8Array,
  options: CsvSource<Fields> = {},
  o: ReadOptions = {},
) {
  const path = join(folder.path, name)
  writeFileSync(path, content)
  const { rows, rejects } = await readAll(
    csv(path, Two, options as CsvSource<typeof Two.fields>),
    o,
  )
  return { rows: rows.map(r => [r.a, r.b]), rejects }
}

test('by the name of the file, compressed or not', async () => {
  for (const [name, delimiter] of [
    ['x.tsv', '\t'],
    ['x.tab', '\t'],
    ['x.psv', '|'],
    ['x.PSV.gz', '|'],
    ['x.txt', ','],
    ['x.dat', ','],
  ] as const) {
    const text = `a${delimiter}b\n1${delimiter}2\n`
    const { rows } = await read(name, name.endsWith('.gz') ? gzipSync(text) : text)
    assert.deepEqual(rows, [['1', '2']], name)
  }
})

test('a header of another delimiter: the fault shows it and says which it is', async () => {
  for (const delimiter of ['|', ';', '\t', '||', '~|~', '|~|', '::', '^', '~', '\x01', ':'])
    await assert.rejects(read('y.txt', `a${delimiter}"b"${delimiter}c\n`), e => {
      assert.ok(e instanceof Fault && e.kind === 'data')
      const shown = JSON.stringify(delimiter)
      assert.ok(e.render().includes(`delimited by ${shown}: give option delimiter`), e.render())
      assert.match(e.render(), /have {2}"a/)
      return true
    })
  assert.equal(likelyDelimiter('x|y;z', ['a']), null)
  assert.equal(likelyDelimiter('a|b;c|d', ['a', 'd']), '|')
})

test('of several characters: parts of it are text', async () => {
  const text =
    'a||b||c\r\n1|2||3||4|\n"x||y"||"q""\n|"||\n||||\n|||||z\n"1"|x||2||3\n1||2\n1||2||3||4\n'
  const { rows, rejects } = await read('z.dat', text, { delimiter: '||' })
  assert.deepEqual(rows, [
    ['1|2', '3'],
    ['x||y', 'q"\n|'],
    ['', ''],
    ['', ''],
  ])
  assert.deepEqual(
    rejects.map(r => [r.line, r.reason]),
    [
      [7, 'text after a closing quote'],
      [8, 'expected 3 fields, got 2'],
      [9, 'expected 3 fields, got 4'],
    ],
  )
})

const piece = fc.string({ unit: fc.constantFrom('|', '~', 'a', '"', '\n', ' ') })

test('of several characters: as if it were one, at every split size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('||', '~|~', '|~', '~~~'),
      fc.array(fc.tuple(piece, piece), { maxLength: 8 }),
      fc.integer({ min: 1, max: 40 }),
      async (delimiter, pairs, splitBytes) => {
        const field = (text: string) => `"${text.replaceAll('"', '""')}"`
        const lines = pairs.map(([a, b]) => `${field(a)}${delimiter}${field(b)}\n`)
        const text = `a${delimiter}b\n${lines.join('')}`
        const { rows, rejects } = await read(
          'f.txt',
          text,
          { delimiter },
          { splitBytes, rowsPerBatch: 2 },
        )
        assert.deepEqual(rejects, [])
        assert.deepEqual(rows, pairs)
        // Unquoted, where no part of it begins or ends a field.
        const plain = pairs.map(([a, b]) => [a, b].map(x => `x${x.replace(/["\n~|]/g, '')}x`))
        const bare = plain.map(p => `${p.join(delimiter)}\n`).join('')
        const other = await read('g.txt', `a${delimiter}b\n${bare}`, { delimiter }, { splitBytes })
        assert.deepEqual(other.rows, plain)
      },
    ),
    { numRuns: 150 },
  )
})

test('what is no delimiter', () => {
  for (const delimiter of ['', '"', '\n', 'a"b', '123456789', 'é', '\r'])
    assert.throws(
      () => csv('x', Two, { delimiter }),
      /option delimiter: expected one ASCII character/,
    )
})

test('compressed files under a wrong name, and others under the name of compressed ones', async () => {
  const text = 'a,b\n1,2\n'
  for (const name of ['w.csv', 'w.txt', 'w.csv.zst', 'w'])
    assert.deepEqual((await read(name, gzipSync(text))).rows, [['1', '2']], name)
  for (const name of ['v.csv.gz', 'v.txt.zst'])
    assert.deepEqual((await read(name, text)).rows, [['1', '2']], name)
  await assert.rejects(read('u.csv.gz', gzipSync(text).subarray(0, 15)), /cut short/)
  await assert.rejects(read('u.csv', Buffer.from('PK\x03\x04 and more')), /is a zip archive/)
})
