/** Rows of every kind for the conformance cases: seeded, with nulls, NaN, -0, duplicates and odd text. */
import { schema, t } from 'millrace'

export const Every = schema({
  id: t.int32,
  flag: t.bool.nullable,
  small: t.int32.nullable,
  big: t.int64.nullable,
  huge: t.bigint.nullable,
  single: t.float32.nullable,
  double: t.float64.nullable,
  price: t.decimal(10, 3).nullable,
  wide: t.decimal(30, 4).nullable,
  text: t.utf8.nullable,
  raw: t.bytes.nullable,
  day: t.date.nullable,
  at: t.timestamp.nullable,
  clock: t.datetime.nullable,
  group: t.utf8,
})

export const Product = schema({ group: t.utf8.nullable, name: t.utf8, rate: t.decimal(8, 2) })

/** A small seeded generator (xorshift). */
export function random(seed: number): () => number {
  let s = seed | 1
  return () => {
    s ^= s << 13
    s ^= s >>> 17
    s ^= s << 5
    return (s >>> 0) / 4294967296
  }
}

const TEXTS = [
  '',
  'a',
  'ab',
  'Ä',
  'z\u{1F600}',
  '__proto__',
  'line\nbreak',
  '"quoted", comma',
  '\uFFFD',
  'constructor',
]
const DOUBLES = [0, -0, 1.5, -2.25, NaN, Infinity, -Infinity, 1e300, 5e-324, 3]

export function everyRows(count: number, seed = 42) {
  const r = random(seed)
  const below = (n: number) => Math.floor(r() * n)
  const maybe = <T>(value: T): T | null => (r() < 0.12 ? null : value)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
  return Array.from({ length: count }, (_, id) => ({
    id,
    flag: maybe(r() < 0.5),
    small: maybe(below(40) - 20),
    big: maybe((below(2001) - 1000) * 1e9),
    huge: maybe(BigInt(below(1000) - 500) * 10n ** 14n),
    single: maybe(Math.fround(below(100) / 8)),
    double: maybe(pick(DOUBLES)),
    price: maybe(below(100_000) / 1000),
    wide: maybe(below(1_000_000) / 100),
    text: maybe(pick(TEXTS)),
    raw: maybe(Uint8Array.from(Buffer.from(pick(TEXTS)))),
    day: maybe((below(400) - 200) * 86_400_000),
    at: maybe(1.3e12 + below(1_000_000) * 1001.5),
    clock: maybe(-1e12 + below(1000) * 60_000),
    group: `g${below(9)}`,
  }))
}

export const productRows = [
  ...Array.from({ length: 7 }, (_, i) => ({
    group: `g${i}`,
    name: `product ${i}`,
    rate: i + 0.25,
  })),
  { group: 'g3', name: 'second of g3', rate: 9.99 },
  { group: null, name: 'no group', rate: 1 },
  { group: 'nobody', name: 'unused', rate: 2 },
]
