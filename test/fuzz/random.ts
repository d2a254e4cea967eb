/** Random schemas and rows: few distinct values, so that keys meet, and the odd ones of each kind. */
import { stored } from '../../engine/compile/oracle/rows.ts'
import type { Kind } from '../../engine/data/kind.ts'
import { type AnySchema, schemaOf, t } from '../../engine/data/schema.ts'
import type { Row } from '../../engine/plan/node.ts'

export interface Random {
  /** A whole number below the bound. */
  below(bound: number): number
  chance(of: number): boolean
  pick<T>(list: readonly T[]): T
}

/** mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number) => Math.floor(next() * bound)
  return {
    below,
    chance: of => next() < of,
    pick: list => list[below(list.length)] as (typeof list)[number],
  }
}

export const TEXTS = [
  '',
  'a',
  'b',
  'ab',
  'Ä',
  'é',
  '\u{1F600}',
  '\uFFFD',
  '\uD800',
  'x\uDC00y',
  '\uD83D\uDE00\uD83D',
  '\u0000',
  '\u2028',
  'a\r\nb',
  ' padded ',
  'null',
  '%2E/..',
  'a\0',
  "it's",
  '"',
  'x'.repeat(70),
]
const FLOATS = [
  0,
  -0,
  1.5,
  -2.25,
  NaN,
  Infinity,
  -Infinity,
  1e300,
  5e-324,
  3,
  1e-7,
  2 ** -1022,
  0.1,
]
/** Sums of these overflow: both must refuse them. */
const EXTREMES = 0.002
const DAY_MS = 86_400_000

interface Domain {
  readonly kind: Kind
  value(r: Random, spread: number): unknown
}

/** Each kind with values of about `spread` different ones, where it has so many. */
const DOMAINS: readonly Domain[] = [
  { kind: t.bool, value: r => r.chance(0.5) },
  {
    kind: t.int32,
    value: (r, n) => (r.chance(0.02) ? r.pick([-(2 ** 31), 2 ** 31 - 1]) : r.below(n) - 3),
  },
  {
    kind: t.int64,
    value: (r, n) =>
      r.chance(EXTREMES) ? r.pick([2 ** 53 - 1, 1 - 2 ** 53]) : (r.below(n) - 2) * 2 ** 33,
  },
  {
    kind: t.bigint,
    value: (r, n) =>
      r.chance(EXTREMES)
        ? r.pick([2n ** 63n - 1n, -(2n ** 63n)])
        : BigInt(r.below(n) - 2) * 10n ** 12n,
  },
  { kind: t.float64, value: (r, n) => (r.chance(0.5) ? r.pick(FLOATS) : r.below(n) / 8) },
  {
    kind: t.float32,
    value: (r, n) => Math.fround(r.chance(0.3) ? r.pick([0, -0, NaN, Infinity]) : r.below(n) / 3),
  },
  { kind: t.decimal(10, 3), value: (r, n) => (r.below(n) - 2) / 1000 },
  { kind: t.decimal(30, 4), value: (r, n) => (r.below(n) - 2) / 10 },
  { kind: t.utf8, value: (r, n) => (r.chance(0.5) ? r.pick(TEXTS) : `t${r.below(n)}`) },
  { kind: t.date, value: (r, n) => (r.below(n) - 4) * DAY_MS },
  { kind: t.timestamp, value: (r, n) => (r.below(n) - 4) * 1001.5 },
]

/** A json value; never null, which is the column's. */
const jsonValue = (r: Random, n: number, depth = 2): unknown =>
  r.pick<() => unknown>([
    () => r.below(n) / 4,
    () => r.pick(TEXTS.filter(text => !/[\uD800-\uDFFF]/.test(text))),
    () => r.chance(0.5),
    () => (depth === 0 ? 0 : [null, jsonValue(r, n, depth - 1)]),
    () => (depth === 0 ? {} : { a: jsonValue(r, n, depth - 1), ['__proto__']: null }),
  ])()

/** A list, a struct, json, or one within another. */
function nestedDomain(r: Random, depth = 2): Domain {
  const which = r.below(3)
  if (which === 0) return { kind: t.json, value: jsonValue }
  const part = (): Domain => {
    const of = depth > 0 && r.chance(0.4) ? nestedDomain(r, depth - 1) : r.pick(DOMAINS)
    const value: Domain['value'] = (r, n) => (r.chance(0.1) ? null : of.value(r, n))
    return r.chance(0.5) ? of : { kind: of.kind.nullable, value }
  }
  if (which === 1) {
    const of = part()
    const value: Domain['value'] = (r, n) =>
      Array.from({ length: r.pick([0, 1, 1, 2, 3, 20]) }, () => of.value(r, n))
    return { kind: t.list(of.kind), value }
  }
  const parts = Array.from({ length: 1 + r.below(3) }, (_, i) => ({ name: `p${i}`, of: part() }))
  const fields = schemaOf(parts.map(({ name, of }) => ({ name, kind: of.kind })))
  const value: Domain['value'] = (r, n) =>
    Object.fromEntries(parts.map(({ name, of }) => [name, of.value(r, n)]))
  return { kind: t.struct(fields), value }
}

export interface Table {
  readonly schema: AnySchema
  /** As columns hold them. */
  readonly rows: readonly Row[]
}

/** A table whose columns are named `prefix` and a number; the first is a key: int32 or utf8. */
export function randomTable(r: Random, prefix: string, key: Kind, rows: number): Table {
  const spread = r.pick([3, 10, rows + 1])
  const keyDomain = DOMAINS.find(d => d.kind.tag === key.tag) as Domain
  const nested = r.chance(0.3) ? 0.4 : 0
  const domain = (): Domain => (r.chance(nested) ? nestedDomain(r) : r.pick(DOMAINS))
  const domains = [keyDomain, ...Array.from({ length: 1 + r.below(6) }, domain)]
  const fields = domains.map(({ kind }, i) => ({
    name: `${prefix}${i}`,
    kind: r.chance(0.6) ? kind.nullable : kind,
  }))
  const schema = schemaOf(fields)
  const made = Array.from({ length: rows }, () =>
    stored(
      schema,
      Object.fromEntries(
        fields.map(({ name, kind }, i) => {
          if (kind.optional && r.chance(0.15)) return [name, null]
          return [name, (domains[i] as Domain).value(r, spread)]
        }),
      ),
    ),
  )
  return { schema, rows: made }
}
