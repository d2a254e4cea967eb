/** Nested columns as other writers lay them out, and files whose parts contradict each other. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { RowBuilder } from '../../../engine/compile/rows.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { type AnySchema, schema, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import type { AnySource } from '../../../engine/io/source.ts'
import { csv } from '../csv/csv.ts'
import { folderOf, readAll } from '../files/testing/read-all.ts'
import { ParquetFile, readFooter } from './footer-read.ts'
import { parquetFragment } from './fragment.ts'
import { ParquetFiles } from './source.ts'
import { duck, noPyarrow, pyarrow } from './testing/peers.ts'

const folder = folderOf({})
after(() => folder.remove())
const pathOf = (name: string): string => join(folder.path, `${name}.parquet`)

async function write(name: string, s: AnySchema, rows: readonly object[]): Promise<Buffer> {
  const writer = parquetFragment(pathOf(name), s, {})
  const builder = new RowBuilder(s, rows.length)
  for (const row of rows) builder.append(row)
  await writer.write(builder.take())
  await writer.close()
  return readFileSync(pathOf(name))
}
const read = (name: string, s: AnySchema) =>
  readAll(new ParquetFiles(pathOf(name), s, {}), { rowsPerBatch: 7 })
const refused = (name: string, s: AnySchema, message: RegExp) =>
  assert.rejects(read(name, s), (fault: Fault) => {
    assert.equal(fault.kind, 'data')
    assert.match(fault.message, message)
    return true
  })

test('levels that a page does not have may be of any encoding, as parquet-mr marks them', async () => {
  const At = schema({ at: t.struct(schema({ x: t.int32, y: t.utf8.nullable })).nullable })
  const rows = [{ at: null }, { at: { x: 1, y: null } }, { at: { x: 2, y: 'b' } }]
  const bytes = await write('mr', At, rows)
  // The end of a page's header: levels of definition and repetition as RLE; then these as BIT_PACKED.
  const both = Buffer.of(0x15, 0x06, 0x15, 0x06, 0, 0)
  let found = 0
  for (let at = bytes.indexOf(both); at >= 0; at = bytes.indexOf(both, at + 1), found++)
    bytes[at + 3] = 0x08
  assert.equal(found, 2)
  writeFileSync(pathOf('mr'), bytes)
  const answer = await read('mr', At)
  assert.deepEqual(answer.rows, rows)
  bytes[bytes.indexOf(Buffer.of(0x15, 0x06, 0x15, 0x08, 0, 0)) + 1] = 0x08
  writeFileSync(pathOf('mr'), bytes)
  await refused('mr', At, /its levels are of an old form/)
})

const Line = schema({ a: t.int32, b: t.int32 })
const Lists = schema({ v: t.list(t.struct(Line)) })
const lists = (...lengths: number[]): object[] =>
  lengths.map(length => ({ v: Array.from({ length }, () => ({ a: 7, b: 7 })) }))

/** The first file with the chunks of its second leaf out of the second file. */
async function spliced(first: readonly object[], second: readonly object[], s: AnySchema) {
  const into = await write('spliced', s, first)
  const from = await write('other', s, second)
  const chunkOf = (name: string) => {
    const file = new ParquetFile(pathOf(name))
    const chunk = readFooter(file).groups[0]?.chunks[1]
    file.close()
    assert.ok(chunk)
    const at = chunk.dictionaryOffset ?? chunk.dataOffset
    return { at, end: at + chunk.bytes }
  }
  const [to, of] = [chunkOf('spliced'), chunkOf('other')]
  assert.equal(to.end - to.at, of.end - of.at)
  from.copy(into, to.at, of.at, of.end)
  writeFileSync(pathOf('spliced'), into)
}

for (const [one, other] of [
  [
    [2, 1],
    [1, 2],
  ],
  [
    [1, 2],
    [2, 1],
  ],
  [
    [1, 0, 1],
    [0, 1, 1],
  ],
] as const)
  test(`leaves that have lists of other lengths: ${one} and ${other}`, async () => {
    await spliced(lists(...one), lists(...other), Lists)
    await refused('spliced', Lists, /the parts of a nested column do not agree/)
  })

test('leaves of which one alone says that their struct is null', async () => {
  const s = schema({ v: t.struct(schema({ a: t.int32.nullable, b: t.int32.nullable })).nullable })
  const some = { v: { a: null, b: null } }
  await spliced([some, { v: null }], [{ v: null }, some], s)
  await refused('spliced', s, /the parts of a nested column do not agree/)
})

test('a part that repeats is no single value', { skip: noPyarrow }, async () => {
  const s = schema({ v: t.struct(schema({ x: t.list(t.int32) })) })
  const bytes = await write('repeated', s, [{ v: { x: [1, 2] } }, { v: { x: [] } }])
  assert.ok(bytes.length > 0)
  // The list's group as a plain one: `v.x.list` then repeats without a list around it.
  const Plain = schema({
    v: t.struct(schema({ x: t.struct(schema({ list: t.struct(schema({ element: t.int32 })) })) })),
  })
  await refused(
    'repeated',
    Plain,
    /column v\.x\.list: expected struct.*, got repeated group of element/,
  )
})

test('pages that end within a record', { skip: noPyarrow }, async () => {
  const s = schema({
    id: t.int64,
    v: t.list(
      t.struct(schema({ a: t.int64.nullable, tags: t.list(t.utf8.nullable).nullable })).nullable,
    ).nullable,
  })
  for (const version of ['1.0', '2.0']) {
    pyarrow(`import pyarrow as pa
rows = [{'id': i, 'v': None if i % 7 == 3 else [None if k % 5 == 4 else {'a': None if k % 3 == 1 else i * k, 'tags': None if k % 4 == 1 else ['t%d' % (j % 9) if j % 2 else None for j in range(k % 6)]} for k in range((i * 13) % 90)]} for i in range(120)]
t = pa.struct([('a', pa.int64()), ('tags', pa.list_(pa.string()))])
s = pa.schema([pa.field('id', pa.int64(), nullable=False), ('v', pa.list_(t))])
pq.write_table(pa.Table.from_pylist(rows, schema=s), '${pathOf('pages')}', data_page_version='${version}', data_page_size=64, write_batch_size=3, row_group_size=50, use_compliant_nested_type=${version === '1.0' ? 'False' : 'True'})
`)
    const { rows, rejects } = await read('pages', s)
    assert.deepEqual(rejects, [])
    assert.deepEqual(
      rows,
      Array.from({ length: 120 }, (_, i) => ({ id: i, v: listOf(i) })),
    )
  }
})

const tagsOf = (k: number) =>
  k % 4 === 1 ? null : Array.from({ length: k % 6 }, (_, j) => (j % 2 ? `t${j % 9}` : null))
const listOf = (i: number) =>
  i % 7 === 3
    ? null
    : Array.from({ length: (i * 13) % 90 }, (_, k) =>
        k % 5 === 4 ? null : { a: k % 3 === 1 ? null : i * k, tags: tagsOf(k) },
      )

test('a map is a list of keys and values', { skip: noPyarrow }, async () => {
  const pair = t.struct(schema({ key: t.utf8, value: t.int64.nullable }))
  pyarrow(`import pyarrow as pa
pq.write_table(pa.table({'m': pa.array([[('a', 1), ('b', None)], None, []], type=pa.map_(pa.string(), pa.int64()))}), '${pathOf('map')}')
`)
  const { rows, rejects } = await read('map', schema({ m: t.list(pair).nullable }))
  assert.deepEqual(rejects, [])
  assert.deepEqual(rows, [
    {
      m: [
        { key: 'a', value: 1 },
        { key: 'b', value: null },
      ],
    },
    { m: null },
    { m: [] },
  ])
})

test('the json text null is null, where a column may be and where not', async () => {
  await duck(`COPY (SELECT * FROM (VALUES (1, 'null'::JSON, ['null'::JSON, '1'::JSON, NULL]),
    (2, ' null '::JSON, []), (3, '{"a": null}'::JSON, ['2'::JSON])) AS v(id, j, l)) TO '${pathOf('json')}' (FORMAT parquet)`)
  const nullable = await read(
    'json',
    schema({ id: t.int32, j: t.json.nullable, l: t.list(t.json.nullable) }),
  )
  assert.deepEqual(nullable.rejects, [])
  assert.deepEqual(nullable.rows, [
    { id: 1, j: null, l: [null, 1, null] },
    { id: 2, j: null, l: [] },
    { id: 3, j: { a: null }, l: [2] },
  ])
  const s = schema({ id: t.int32, j: t.json })
  // Rejects do not depend on what is read.
  for (const wanted of [
    [true, true],
    [true, false],
  ]) {
    const source = new ParquetFiles(pathOf('json'), s, {})
    const { rows, rejects } = await readAll(source, { wanted })
    assert.deepEqual(rows, [{ id: 3, j: { a: null } }])
    assert.deepEqual(
      rejects.map(r => r.reason),
      ['expected json, got null', 'expected json, got null'],
    )
  }
  const { rejects } = await read('json', schema({ l: t.list(t.json) }))
  assert.deepEqual(
    rejects.map(r => r.reason),
    ['l[0]: expected json, got null'],
  )
})

test('a part that is no JSON is refused, in a dictionary and plain', async () => {
  const S = schema({ l: t.list(t.json).nullable, o: t.struct(schema({ j: t.json.nullable })) })
  const rows = `SELECT CASE WHEN i = 5 THEN ['1', '{"a":'] WHEN i = 9 THEN NULL ELSE ['{"a": ' || VALUE || '}'] END AS l,
    {'j': CASE WHEN i = 7 THEN 'x' ELSE '[]' END} AS o FROM range(20) AS t(i)`
  for (const value of ['i % 2', 'i']) {
    await duck(`COPY (${rows.replace('VALUE', value)}) TO '${pathOf('text')}' (FORMAT parquet)`)
    const { rows: found, rejects } = await read('text', S)
    assert.equal(found.length, 18)
    assert.deepEqual(found[1], { l: [{ a: 1 }], o: { j: [] } })
    assert.deepEqual(
      rejects.map(r => [r.line, r.column, r.reason]),
      [
        [6, 'l', 'l[1]: expected json, got a text that is not JSON'],
        [8, 'o', 'o.j: expected json, got a text that is not JSON'],
      ],
    )
  }
})

test('lists in lists as deep as kinds go come back', async () => {
  let kind: Kind = t.int32
  let v: unknown = 1
  for (let depth = 0; depth < 100; depth++) {
    kind = t.list(kind.nullable)
    v = [v, null]
  }
  const s = schema({ v: kind.nullable })
  await write('deep', s, [{ v }, { v: null }])
  assert.deepEqual((await read('deep', s)).rows, [{ v }, { v: null }])
  assert.throws(() => t.list(kind), /nested more than 100 deep/)
  assert.throws(() => t.struct(schema({})), /a struct without fields/)
})

test('json of millions of brackets is refused at once', async () => {
  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
  const rows = [deep(1000), deep(1001), `{"a":"${deep(3000)}"}`, deep(2_000_000)]
  await duck(
    `COPY (SELECT unnest([${rows.map(text => `'${text}'`).join()}]) AS j) TO '${pathOf('bracket')}' (FORMAT parquet)`,
  )
  const { rows: found, rejects } = await read('bracket', schema({ j: t.json }))
  assert.equal(found.length, 2)
  assert.deepEqual(
    rejects.map(r => [r.line, r.reason]),
    [
      [2, 'expected json, got a text that is not JSON'],
      [4, 'expected json, got a text that is not JSON'],
    ],
  )
  const path = join(folder.path, 'deep.csv')
  writeFileSync(
    path,
    `id,j\n${rows.map((text, i) => `${i},"${text.replaceAll('"', '""')}"`).join('\n')}\n`,
  )
  const ofCsv = await readAll(csv(path, schema({ id: t.int32, j: t.json })) as AnySource, {})
  assert.equal(ofCsv.rows.length, 2)
  assert.ok(ofCsv.rejects.every(r => r.reason.endsWith('(nested more deeply than 1000)')))
})
