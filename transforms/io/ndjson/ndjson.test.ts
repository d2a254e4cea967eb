/** JSON lines and arrays: values by kind, the same rows at every split size, and agreement with JSON.parse. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { Kind } from '../../../engine/data/kind.ts'
import { type AnySchema, schema, schemaOf, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { folderOf, type ReadOptions, readAll } from '../files/testing/read-all.ts'
import { NdjsonFiles } from './source.ts'

const folder = folderOf({})
after(() => folder.remove())
const file = join(folder.path, 'a.ndjson')

async function read(
  text: string | Uint8Array,
  s: AnySchema,
  o: ReadOptions & { recordBytesMax?: string } = {},
) {
  writeFileSync(file, text)
  const { recordBytesMax } = o
  return readAll(new NdjsonFiles(file, s, recordBytesMax ? { recordBytesMax } : {}), o)
}

async function values(kind: Kind, texts: readonly string[]): Promise<unknown[]> {
  const { rows, rejects } = await read(
    texts.map(x => `{"v":${x}}\n`).join(''),
    schemaOf([{ name: 'v', kind }]),
  )
  assert.deepEqual(rejects, [])
  return rows.map(r => r.v)
}

async function reasons(kind: Kind, texts: readonly string[]): Promise<string[]> {
  const { rows, rejects } = await read(
    texts.map(x => `{"v":${x}}\n`).join(''),
    schemaOf([{ name: 'v', kind }]),
  )
  assert.deepEqual(rows, [])
  return rejects.map(r => r.reason)
}

test('values by kind', async () => {
  assert.deepEqual(await values(t.int32, ['1', '-7', '5.0', '0']), [1, -7, 5, 0])
  assert.deepEqual(await values(t.int64.nullable, ['9007199254740991', 'null']), [
    9007199254740991,
    null,
  ])
  assert.deepEqual(await values(t.bigint, ['9223372036854775807', '"-5"']), [
    9223372036854775807n,
    -5n,
  ])
  assert.deepEqual(await values(t.float64, ['1e3', '0.1', '"NaN"', '"-Infinity"']), [
    1000,
    0.1,
    Number.NaN,
    -Infinity,
  ])
  assert.deepEqual(await values(t.decimal(30, 20), ['1.00000000000000000001']), [
    100000000000000000001n,
  ])
  assert.deepEqual(await values(t.decimal(10, 2), ['1.10', '1e2']), [1.1, 100])
  assert.deepEqual(await values(t.bool, ['true', 'false']), [true, false])
  assert.deepEqual(
    await values(t.utf8, ['"a"', '""', '"\\u00e9\\n\\"\\\\\\/"', '"\\ud83d\\ude00é"']),
    ['a', '', 'é\n"\\/', '😀é'],
  )
  assert.deepEqual(await values(t.date, ['"2011-01-31"']), [Date.UTC(2011, 0, 31)])
  const at = Date.UTC(2011, 0, 31, 10, 5, 6, 789)
  assert.deepEqual(
    await values(t.timestamp, [
      '"2011-01-31T10:05:06.789Z"',
      String(at),
      '"2011-01-31T12:05:06.789+02:00"',
      '1.5',
    ]),
    [at, at, at, 1.5],
  )
  assert.deepEqual(await values(t.bytes, ['"AAEC"']), [Uint8Array.of(0, 1, 2)])
  assert.deepEqual(await values(t.oneOf('a', 'b'), ['"b"', '"\\u0061"']), ['b', 'a'])
})

test('values of another type', async () => {
  assert.deepEqual(
    await reasons(t.int32, ['"1"', 'true', '1.5', '2147483648', '[1]', '{"a":1}', 'null']),
    [
      'expected int32, got "1" (a text)',
      'expected int32, got "true"',
      'expected int32, got "1.5"',
      'expected int32, got "2147483648" (out of range)',
      'expected int32, got "[1]"',
      'expected int32, got "{\\"a\\":1}"',
      'expected int32, got null',
    ],
  )
  assert.deepEqual(await reasons(t.int64, ['9007199254740993']), [
    'expected int64, got "9007199254740993" (past 2^53)',
  ])
  assert.deepEqual(await reasons(t.decimal(4, 1), ['1.25', '"1"']), [
    'expected decimal(4,1), got "1.25" (would be rounded)',
    'expected decimal(4,1), got "1" (a text)',
  ])
  assert.deepEqual(await reasons(t.utf8, ['1', 'null', '{}']), [
    'expected utf8, got "1"',
    'expected utf8, got null',
    'expected utf8, got "{}"',
  ])
  assert.deepEqual(await reasons(t.bool, ['"true"', '1']), [
    'expected bool, got "true" (a text)',
    'expected bool, got "1"',
  ])
  assert.deepEqual(await reasons(t.timestamp, ['"1290000000000"', '9e99']), [
    'expected timestamp, got "1290000000000" (a text)',
    'expected timestamp, got "9e99" (out of range)',
  ])
})

const Two = schema({ a: t.utf8.nullable, b: t.int32.nullable })

test('keys: missing, twice, escaped, unknown, nested, in any order', async () => {
  const text =
    '{}\n{"b":1,"b":2}\n{"\\u0061":"x"}\n{ "z" : [1,{"a":"no"}], "b" : 3 , "a" : "y" }\r\n\n {"__proto__":{"a":1},"constructor":1} \n{"a":"q"}'
  const { rows, rejects } = await read(text, Two)
  assert.deepEqual(rejects, [])
  const expected = [
    [null, null],
    [null, 2],
    ['x', null],
    ['y', 3],
    [null, null],
    ['q', null],
  ]
  assert.deepEqual(
    rows.map(r => [r.a, r.b]),
    expected,
  )
  const odd = ['__proto__', '"];process.exit()//', '\u2028', '', 'l\n']
  const s = schemaOf(odd.map(name => ({ name, kind: t.int32 })))
  const got = await read(`{${odd.map((n, i) => `${JSON.stringify(n)}:${i}`)}}`, s)
  assert.deepEqual(Object.values(got.rows[0] as object), [0, 1, 2, 3, 4])
})

test('broken lines', async () => {
  const text =
    '{"a":"x"}\n[1]\n5\n{"a":\n{"a":"x"\n{"a":"x\n"}\n{"b":01}\n{"b":1,}\n{"a":"\\x"}\n{"a":"y"}{"a":"z"}\n{"a":tru}\n'
  const { rows, rejects } = await read(text, Two)
  assert.deepEqual(rows, [{ a: 'x', b: null }])
  assert.deepEqual(
    rejects.map(r => r.line),
    [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  )
  assert.equal(rejects[0]?.reason, 'expected a JSON object, got a list')
  for (const r of rejects.slice(2)) assert.match(r.reason, /^not JSON: ./)
})

const json = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc
    .record({
      a: fc.oneof(fc.string(), fc.constant(null)),
      b: fc.oneof(fc.integer({ min: -99, max: 99 }), fc.constant(null)),
    })
    .map(v => JSON.stringify(v)),
  fc
    .dictionary(fc.constantFrom('a', 'b', 'c', 'é'), fc.jsonValue({ maxDepth: 2 }))
    .map(v => JSON.stringify(v, null, 1).replaceAll('\n', '\r')),
)
/** A line with one byte changed, now and then: most are no JSON any more. */
const line = fc
  .tuple(
    json,
    fc.option(
      fc.tuple(
        fc.nat(60),
        fc.constantFrom('"', '{', '}', ',', ':', '\\', '0', '.', '-', 'e', ' ', '\u0001'),
      ),
    ),
  )
  .map(([text, change]) =>
    change === null ? text : text.slice(0, change[0]) + change[1] + text.slice(change[0] + 1),
  )

test('agrees with JSON.parse, at every split size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 8 }),
      fc.integer({ min: 1, max: 60 }),
      async (lines, splitBytes) => {
        // The first line tells that the file is no array.
        const clean = ['{}', ...lines].map(l => Buffer.from(l.replaceAll('\n', ' ')).toString())
        const got = await read(clean.join('\n'), Two, { splitBytes, rowsPerBatch: 2 })
        const expected = clean.filter(l => l.trim() !== '').map(plain)
        assert.deepEqual(
          got.rows,
          expected.filter(r => r !== null),
        )
        assert.equal(got.rejects.length, expected.filter(r => r === null).length)
      },
    ),
    { numRuns: 800 },
  )
})

function plain(text: string): { a: string | null; b: number | null } | null {
  try {
    const value = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    const a = Object.hasOwn(value, 'a') ? value.a : null
    const b = Object.hasOwn(value, 'b') ? value.b : null
    if (a !== null && typeof a !== 'string') return null
    if (b !== null && (!Number.isInteger(b) || (b | 0) !== b || /"b"\s*:\s*-?[\d.]+e/i.test(text)))
      return null
    // A lone surrogate has no place in UTF-8.
    return { a: a?.toWellFormed() ?? null, b: b === null ? null : b + 0 }
  } catch {
    return null
  }
}

test('long lines are refused and passed over', async () => {
  const long = `{"a":"${'x'.repeat(700_000)}"}`
  const text = `{"a":"1"}\n${long}\n{"a":"2"}\n${long}`
  const small = await read(text, Two, { recordBytesMax: '1000', splitBytes: 300_000 })
  assert.deepEqual(
    small.rows.map(r => r.a),
    ['1', '2'],
  )
  assert.deepEqual(
    small.rejects.map(r => [r.line, r.reason]),
    [
      [2, 'longer than a record may be'],
      [4, 'longer than a record may be'],
    ],
  )
  const large = await read(text, Two, { splitBytes: 300_000 })
  assert.deepEqual(
    large.rows.map(r => (r.a as string).length),
    [1, 700_000, 1, 700_000],
  )
})

test('a JSON array is read element by element', async () => {
  const elements = Array.from({ length: 20_000 }, (_, i) => ({
    a: `t${i}`,
    b: i,
    more: { list: [i, '}]'] },
  }))
  const pretty = JSON.stringify(elements, null, 2)
  for (const bytes of [
    JSON.stringify(elements),
    pretty,
    `\ufeff \n${pretty}\n`,
    gzipSync(pretty),
  ]) {
    const { rows, rejects, splits } = await read(bytes, Two, { splitBytes: 100 })
    assert.equal(splits, 1)
    assert.deepEqual(rejects, [])
    assert.deepEqual(
      rows,
      elements.map(({ a, b }) => ({ a, b })),
    )
  }
  assert.deepEqual((await read('[]', Two)).rows, [])
  const odd = await read('[\n{"a":"x"},\n5,\n{"b":"no"},null, [1]]', Two)
  assert.deepEqual(odd.rows, [{ a: 'x', b: null }])
  assert.deepEqual(
    odd.rejects.map(r => [r.line, r.reason]),
    [
      [3, 'expected a JSON object, got a number'],
      [4, 'expected int32, got "no" (a text)'],
      [4, 'expected a JSON object, got null'],
      [4, 'expected a JSON object, got a list'],
    ],
  )
})

test('a broken array ends the reading', async () => {
  const broken: [string, RegExp][] = [
    ['[{"a":"x"}', /ends before its last bracket/],
    ['[{"a":"x"} {"a":"y"}]', /has no comma/],
    ['[{"a":"x"},]', /is not valid JSON/],
    ['[{"a":"x"}] x', /goes on after its last bracket/],
    ['[{"a":"x', /ends within an element/],
    [`[{"a":x},${'{},'.repeat(300_000)}{}]`, /is not valid JSON \(at byte 6\)/],
  ]
  for (const [text, pattern] of broken)
    await assert.rejects(read(text, Two), e => {
      assert.ok(e instanceof Fault && e.kind === 'data')
      assert.match(e.message, pattern)
      return true
    })
})
