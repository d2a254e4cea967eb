/** BSON, as the official library writes it, into columns: every kind, what fits, and what is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  Binary,
  BSON,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} from 'mongodb'
import { dense } from '../../../engine/data/batch.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { schema, schemaOf, t } from '../../../engine/data/schema.ts'
import { readUnits, readValue } from '../../../engine/data/value.ts'
import type { ReadRequest } from '../../../engine/io/source.ts'
import type { Bytes } from '../files/fields.ts'
import { Decoder } from './decoder.ts'
import type { Page, Pages } from './pages.ts'
import { MongoReader } from './reader.ts'

/** One reply with these documents, between other bytes, as a socket leaves it. */
function pageOf(documents: readonly Uint8Array[]): Page {
  const starts = new Int32Array(documents.length)
  const ends = new Int32Array(documents.length)
  const parts: Uint8Array[] = [Buffer.from('reply')]
  let at = 5
  documents.forEach((document, i) => {
    starts[i] = at
    at += document.length
    ends[i] = at
    parts.push(document, Buffer.from([3, 49, 0]))
    at += 3
  })
  const bytes = Buffer.concat(parts) as unknown as Bytes
  return { bytes, starts, ends, count: documents.length, size: at }
}

interface Read {
  readonly rows: unknown[][]
  readonly rejects: string[]
  readonly raws: string[]
}

/** Reads documents as a split's only reply. */
async function read(
  fields: { readonly [name: string]: Kind },
  documents: readonly Uint8Array[],
  o: { paths?: readonly string[]; wanted?: readonly boolean[]; rows?: number } = {},
): Promise<Read> {
  const s = schemaOf(Object.entries(fields).map(([name, kind]) => ({ name, kind })))
  const paths = o.paths ?? s.list.map(f => f.name)
  const found: Read = { rows: [], rejects: [], raws: [] }
  const pages = [pageOf(documents)]
  const fake = {
    next: async () => pages.shift() ?? null,
    close: async () => {},
  } as unknown as Pages
  const reader = new MongoReader(
    {
      split: { uri: 'mongodb://h/d/c', start: 0, end: 1, bytes: 1 },
      decoder: new Decoder(s, { paths, key: '_id', rows: o.rows ?? 1000 }),
      pages: fake,
      paths,
      by: -1,
      skipped: null,
      done() {},
    },
    {
      wanted: o.wanted ?? s.list.map(() => true),
      rowsPerBatch: 1000,
      reject: r => {
        found.rejects.push(r.reason)
        found.raws.push(r.raw)
      },
      advance() {},
    } satisfies ReadRequest,
  )
  for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
    const whole = o.wanted ? reader.widen(s.list.map(() => true)) : batch
    const alive = dense(s, whole.columns, batch.rows)
    for (let k = 0; k < batch.selected; k++) {
      const row = batch.selection?.[k] ?? k
      found.rows.push(
        alive.columns.map(c =>
          c?.kind.tag === 'decimal' && (c.valid?.[row] ?? 1) === 1
            ? readUnits(c, row)
            : c && readValue(c, row),
        ),
      )
    }
  }
  return found
}

const bson = (document: object): Uint8Array => BSON.serialize(document, { ignoreUndefined: false })
const decimal = (text: string): Decimal128 => Decimal128.fromString(text)
const hex = '0123456789abcdef01234567'

/** Kind, the value in BSON, what a lambda sees (of a decimal its units). */
const FITS: readonly (readonly [kind: Kind, value: unknown, seen: unknown])[] = [
  [t.bool, true, true],
  [t.int32, new Int32(-7), -7],
  [t.int32, Long.fromNumber(7), 7],
  [t.int32, new Double(7), 7],
  [t.int32, decimal('7.00'), 7],
  [t.int32, decimal('7E+2'), 700],
  [t.int64, new Int32(-7), -7],
  [t.int64, Long.fromString('9007199254740991'), 9007199254740991],
  [t.int64, Long.fromString('-9007199254740991'), -9007199254740991],
  [t.int64, Long.fromString('-4294967297'), -4294967297],
  [t.int64, new Double(2 ** 40), 2 ** 40],
  [t.bigint, Long.MAX_VALUE, 2n ** 63n - 1n],
  [t.bigint, Long.MIN_VALUE, -(2n ** 63n)],
  [t.bigint, new Int32(-1), -1n],
  [t.float64, new Double(0.1), 0.1],
  [t.float64, new Double(Number.NaN), Number.NaN],
  [t.float64, new Int32(3), 3],
  [t.float64, Long.fromNumber(-5), -5],
  [t.float64, decimal('0.1'), 0.1],
  [t.float32, new Double(0.5), 0.5],
  [t.decimal(10, 2), decimal('12.50'), 1250n],
  [t.decimal(10, 2), decimal('-12.5'), -1250n],
  [t.decimal(10, 2), decimal('1E+3'), 100000n],
  [t.decimal(10, 2), decimal('12.500000'), 1250n],
  [t.decimal(10, 2), decimal('-0'), 0n],
  [t.decimal(10, 2), new Double(12.1), 1210n],
  [t.decimal(10, 2), new Double(0.07), 7n],
  [t.decimal(10, 2), new Int32(12), 1200n],
  [t.decimal(10, 2), Long.fromNumber(-12), -1200n],
  [t.decimal(10, 2), '12.50', 1250n],
  [t.decimal(15, 0), decimal('999999999999999'), 999999999999999n],
  [
    t.decimal(38, 4),
    decimal('123456789012345678901234567890.1234'),
    1234567890123456789012345678901234n,
  ],
  [t.decimal(38, 4), decimal('-0.0001'), -1n],
  [t.utf8, 'größer', 'größer'],
  [t.utf8, '', ''],
  [t.utf8, 'a\0b', 'a\0b'],
  [t.utf8, new ObjectId(hex), hex],
  [t.utf8, new BSONSymbol('s'), 's'],
  [t.oneOf('a', 'b'), 'b', 'b'],
  [t.bytes, new Binary(Buffer.from('xyz')), Uint8Array.from(Buffer.from('xyz'))],
  [
    t.bytes,
    new UUID('00112233-4455-6677-8899-aabbccddeeff'),
    Uint8Array.from(Buffer.from('00112233445566778899aabbccddeeff', 'hex')),
  ],
  [t.bytes, new Binary(Buffer.from('xyz'), 2), Uint8Array.from(Buffer.from('xyz'))],
  [t.date, new Date('2024-02-29T00:00:00Z'), Date.UTC(2024, 1, 29)],
  [t.date, new Date('1969-12-31T00:00:00Z'), Date.UTC(1969, 11, 31)],
  [t.timestamp, new Date(1_700_000_000_123), 1_700_000_000_123],
  [t.timestamp, new Date(-1), -1],
  [t.timestamp, new Timestamp({ t: 1_700_000_000, i: 5 }), 1_700_000_000_000],
  [t.datetime, new Date(5), 5],
  [t.list(t.int32), [1, 2], [1, 2]],
  [t.list(t.int32.nullable), [1, null, 2], [1, null, 2]],
  [t.list(t.list(t.utf8)), [['a'], [], ['b', 'c']], [['a'], [], ['b', 'c']]],
  [t.struct(schema({ a: t.int32, b: t.utf8.nullable })), { x: 1, b: 'é', a: 3 }, { a: 3, b: 'é' }],
  [t.struct(schema({ a: t.int32, b: t.utf8.nullable })), { a: 3 }, { a: 3, b: null }],
  [
    t.list(t.struct(schema({ id: t.utf8, at: t.timestamp }))),
    [{ id: new ObjectId(hex), at: new Date(9) }],
    [{ id: hex, at: 9 }],
  ],
  [
    t.struct(schema({ raw: t.bytes, on: t.bool })),
    { raw: new Binary(Buffer.from('q')), on: true },
    { raw: Uint8Array.of(113), on: true },
  ],
  [t.struct(schema({ j: t.json })), { j: { a: [1, 'x'] } }, { j: { a: [1, 'x'] } }],
  [
    t.json,
    { b: 1, a: [true, null, 'q"\n\u00e9'], n: Long.fromNumber(5) },
    { b: 1, a: [true, null, 'q"\n\u00e9'], n: 5 },
  ],
  [t.json, [], []],
  [t.json, {}, {}],
  [t.json, 'text', 'text'],
  [
    t.json,
    { at: new Date(0), id: new ObjectId(hex), d: decimal('1.50') },
    { at: '1970-01-01T00:00:00.000Z', id: hex, d: 1.5 },
  ],
  [
    t.json,
    { bin: new Binary(Buffer.from('xyz')), min: new MinKey(), re: new BSONRegExp('é+', 'i') },
    {
      bin: 'eHl6',
      min: { $minKey: 1 },
      re: { $regularExpression: { pattern: 'é+', options: 'i' } },
    },
  ],
]

test('what fits is read exactly', async () => {
  for (const [kind, value, seen] of FITS) {
    const { rows, rejects } = await read({ a: kind }, [bson({ _id: 1, a: value })])
    assert.deepEqual(rejects, [], kind.name)
    assert.deepEqual(rows, [[seen]], `${kind.name} of ${BSON.EJSON.stringify(value as object)}`)
  }
})

/** Kind, the value in BSON, what the reject says of it. */
const REFUSED: readonly (readonly [kind: Kind, value: unknown, why: string])[] = [
  [t.bool, 1, 'a: expected bool, got int 1'],
  [t.int32, 'x', 'a: expected int32, got string "x"'],
  [t.int32, new Double(1.5), 'a: expected int32, got double 1.5'],
  [t.int32, Long.fromNumber(2 ** 31), 'a: expected int32, got long 2147483648 (out of range)'],
  [t.int32, decimal('1.5'), 'a: expected int32, got decimal 1.5'],
  [t.int32, decimal('NaN'), 'a: expected int32, got decimal NaN'],
  [
    t.int64,
    Long.fromString('9007199254740993'),
    'a: expected int64, got long 9007199254740993 (past 2^53)',
  ],
  [t.bigint, new Double(0.5), 'a: expected bigint, got double 0.5'],
  [t.bigint, new Double(1e300), 'a: expected bigint, got double 1e+300 (out of range)'],
  [t.float64, '1', 'a: expected float64, got string "1"'],
  [t.float64, Long.MAX_VALUE, 'a: expected float64, got long 9223372036854775807 (past 2^53)'],
  [t.decimal(10, 2), decimal('1.005'), 'a: expected decimal(10,2), got decimal 1.005'],
  [t.decimal(10, 2), decimal('100000000'), 'a: expected decimal(10,2), got decimal 100000000'],
  [
    t.decimal(10, 2),
    new Double(0.1 + 0.2),
    'a: expected decimal(10,2), got double 0.30000000000000004',
  ],
  [
    t.decimal(10, 2),
    new Double(Number.NaN),
    'a: expected decimal(10,2), got double {"$numberDouble":"NaN"}',
  ],
  [t.decimal(10, 2), decimal('Infinity'), 'a: expected decimal(10,2), got decimal Infinity'],
  [t.decimal(10, 2), 'abc', 'a: expected decimal(10,2), got string "abc"'],
  [t.decimal(38, 2), decimal('1E-3'), 'a: expected decimal(38,2), got decimal 0.001'],
  [t.utf8, 5, 'a: expected utf8, got int 5'],
  [t.utf8, new Code('x'), 'a: expected utf8, got code {"$code":"x"}'],
  [t.oneOf('a', 'b'), 'c', 'a: expected oneOf("a","b"), got string "c"'],
  [t.bytes, 'x', 'a: expected bytes, got string "x"'],
  [
    t.date,
    new Date(1),
    'a: expected date, got date 1970-01-01T00:00:00.001Z (it has a time of day)',
  ],
  [t.timestamp, '2024-01-01', 'a: expected timestamp, got string "2024-01-01"'],
  [t.timestamp, new MaxKey(), 'a: expected timestamp, got maxKey {"$maxKey":1}'],
  [t.timestamp, null, 'a: expected timestamp, got null'],
  [t.int32, undefined, 'a: expected int32, got null'],
  [t.list(t.int32), [1, 'x'], 'a[1]: expected int32, got string "x"'],
  [t.list(t.int32), [1, null], 'a[1]: expected int32, got null'],
  [t.list(t.int32), { 0: 1 }, 'a: expected list(int32), got document {"0":1}'],
  [
    t.list(t.struct(schema({ price: t.decimal(10, 2) }))),
    [{ price: decimal('1') }, { price: new Int32(1) }, { price: 'abc' }],
    'a[2].price: expected decimal(10,2), got string "abc"',
  ],
  [
    t.list(t.struct(schema({ price: t.decimal(10, 2) }))),
    [{}],
    'a[0].price: expected decimal(10,2), got nothing',
  ],
  [
    t.struct(schema({ b: t.struct(schema({ c: t.date })) })),
    { b: { c: new Date(5) } },
    'a.b.c: expected date, got date 1970-01-01T00:00:00.005Z (it has a time of day)',
  ],
]

test('what does not fit is rejected, with the path that failed, and its _id', async () => {
  for (const [kind, value, why] of REFUSED) {
    const { rows, rejects } = await read({ a: kind }, [
      bson({ _id: new ObjectId(hex), a: value }),
      bson({ _id: 2, a: FITS.find(([fits]) => fits === kind)?.[1] ?? value }),
    ])
    assert.ok(rejects[0]?.startsWith(`${why} (`), `${rejects[0]} is not ${why}`)
    assert.ok(rejects[0]?.endsWith(`(_id ${hex})`))
    assert.equal(rows.length + rejects.length, 2)
  }
})

test('a reject shows the document as extended JSON, cut', async () => {
  const { raws } = await read({ a: t.int32 }, [
    bson({ _id: 'one', a: 'x', at: new Date(0), price: decimal('1.50') }),
    bson({ _id: 'two', a: 'y'.repeat(10_000) }),
  ])
  assert.deepEqual(JSON.parse(raws[0] ?? ''), {
    _id: 'one',
    a: 'x',
    at: { $date: '1970-01-01T00:00:00.000Z' },
    price: { $numberDecimal: '1.50' },
  })
  assert.equal(raws[1]?.length, 4097)
})

test('paths: within documents and lists, several columns of one path, fields in any order', async () => {
  const fields = {
    city: t.utf8,
    first: t.int32,
    again: t.int32,
    whole: t.json,
    none: t.utf8.nullable,
  }
  const paths = ['address.city', 'lines.0.n', 'lines.0.n', 'lines', 'address.city.deeper']
  const { rows, rejects } = await read(
    fields,
    [
      bson({ _id: 1, address: { zip: 1, city: 'Bonn' }, lines: [{ n: 5 }, { n: 6 }] }),
      bson({ _id: 2, x: 1, lines: [{ m: 0, n: 7 }], address: { city: 'Köln' } }),
      bson({ _id: 3, lines: [], address: 'here' }),
    ],
    { paths },
  )
  assert.deepEqual(rows, [
    ['Bonn', 5, 5, [{ n: 5 }, { n: 6 }], null],
    ['Köln', 7, 7, [{ m: 0, n: 7 }], null],
  ])
  assert.deepEqual(rejects, ['address.city: expected utf8, got nothing (_id 3)'])
})

test('rows are judged alike whether or not a text is read, and decoded when it is', async () => {
  const broken = Buffer.from(bson({ _id: 2, a: 'xx', b: 1 }))
  broken[broken.indexOf('xx')] = 0xff
  const documents = [
    bson({ _id: 1, a: 'p', b: 1 }),
    broken,
    bson({ _id: 3, a: new ObjectId(hex), b: 3 }),
  ]
  const fields = { a: t.utf8, b: t.int32 }
  const all = await read(fields, documents)
  const late = await read(fields, documents, { wanted: [false, true], rows: 2 })
  assert.deepEqual(all.rows, [
    ['p', 1],
    [hex, 3],
  ])
  assert.deepEqual(late.rows, all.rows)
  assert.deepEqual(late.rejects, all.rejects)
  assert.match(all.rejects[0] ?? '', /^a: expected utf8, got string ".*" \(not UTF-8\) \(_id 2\)$/)
})

test('names that objects would treat in a way of their own', async () => {
  const fields = Object.create(null) as { [name: string]: Kind }
  // biome-ignore lint/suspicious/noProto: it has no prototype, so this is a name like any other
  fields['__proto__'] = t.int32
  fields['constructor'] = t.utf8.nullable
  const document = BSON.serialize(
    new Map<string, unknown>([
      ['_id', 1],
      ['__proto__', 4],
    ]),
  )
  const { rows } = await read(fields, [document])
  assert.deepEqual(rows, [[4, null]])
})

test('any decimal in any notation, against its text', async () => {
  const digits = fc.bigInt({ min: -(10n ** 34n) + 1n, max: 10n ** 34n - 1n })
  const property = fc.asyncProperty(
    digits,
    fc.integer({ min: -40, max: 10 }),
    async (units, exponent) => {
      const value = decimal(`${units}E${exponent}`)
      for (const kind of [t.decimal(12, 3), t.decimal(38, 6)]) {
        const shift = exponent + kind.scale
        const scaled = shift >= 0 ? units * 10n ** BigInt(shift) : units / 10n ** BigInt(-shift)
        const exact = shift >= 0 || scaled * 10n ** BigInt(-shift) === units
        const limit = 10n ** BigInt(kind.precision)
        const fits = exact && scaled < limit && -scaled < limit
        const { rows } = await read({ a: kind }, [bson({ _id: 1, a: value })])
        assert.deepEqual(rows, fits ? [[scaled]] : [], `${value} as ${kind.name}`)
      }
    },
  )
  await fc.assert(property, { numRuns: 300 })
})

test('bytes that are no BSON are a fault, not a loop', async () => {
  const whole = Buffer.from(bson({ _id: 1, a: 'abc', b: { c: [1, 2, 3] }, d: 5 }))
  for (let i = 0; i < whole.length; i++)
    for (const byte of [0, 1, 2, 3, 5, 127, 128, 255]) {
      const changed = Buffer.from(whole)
      changed[i] = byte
      const fields = { a: t.utf8.nullable, b: t.json.nullable, d: t.int32.nullable }
      try {
        await read(fields, [changed])
      } catch (error) {
        assert.equal((error as { kind?: string }).kind, 'data', `byte ${i}: ${error}`)
      }
    }
})
