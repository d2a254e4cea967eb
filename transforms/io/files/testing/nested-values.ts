/** Kinds within kinds, and values of them, at random. */
import fc from 'fast-check'
import type { Kind } from '../../../../engine/data/kind.ts'
import { type AnySchema, schemaOf, t } from '../../../../engine/data/schema.ts'
import { elementOf, structOf } from '../../../../engine/data/nested.ts'

const LEAVES: readonly Kind[] = [
  t.bool,
  t.int32,
  t.int64,
  t.bigint,
  t.float64,
  t.float32,
  t.decimal(10, 2),
  t.decimal(30, 4),
  t.utf8,
  t.bytes,
  t.date,
  t.timestamp,
  t.datetime,
  t.json,
  t.oneOf('open', 'paid'),
]
const optional = (of: fc.Arbitrary<Kind>): fc.Arbitrary<Kind> =>
  fc.tuple(of, fc.boolean()).map(([kind, or]) => (or ? kind.nullable : kind))
const leaf = optional(fc.constantFrom(...LEAVES))
const structsOf = (parts: fc.Arbitrary<Kind>): fc.Arbitrary<Kind> =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'é', '__proto__', 'a b', '"'), parts), {
      selector: ([name]) => name,
      minLength: 1,
      maxLength: 4,
    })
    .map(fields => t.struct(schemaOf(fields.map(([name, kind]) => ({ name, kind })))))

/** Lists and structs of up to `depth` levels, and json. */
export function nestedKinds(depth = 3): fc.Arbitrary<Kind> {
  const part = depth === 1 ? leaf : fc.oneof(leaf, optional(nestedKinds(depth - 1)))
  return fc.oneof(
    part.map(kind => t.list(kind)) as fc.Arbitrary<Kind>,
    structsOf(part),
    fc.constant(t.json),
  )
}

const finite = { noNaN: true, noDefaultInfinity: true }
const PLAIN: { readonly [tag: string]: (kind: Kind) => fc.Arbitrary<unknown> } = {
  bool: () => fc.boolean(),
  int32: () => fc.integer(),
  int64: () => fc.maxSafeInteger(),
  bigint: () => fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  float32: () => fc.float({ noDefaultInfinity: true, noNaN: true }).filter(v => !Object.is(v, -0)),
  float64: () =>
    fc
      .oneof(fc.double(finite), fc.constantFrom(Number.NaN, Infinity, -Infinity))
      .filter(v => !Object.is(v, -0)),
  decimal: ({ scale }) =>
    fc.integer({ min: -99999, max: 99999 }).map(v => v / 10 ** Math.min(scale, 2)),
  utf8: ({ values }) =>
    values === null ? fc.string({ unit: 'binary', maxLength: 6 }) : fc.constantFrom(...values),
  bytes: () => fc.uint8Array({ maxLength: 4 }),
  date: () => fc.integer({ min: -30000, max: 60000 }).map(days => days * 86_400_000),
  timestamp: () => fc.integer({ min: -1e12, max: 4e12 }),
  datetime: () => fc.integer({ min: -1e12, max: 4e12 }),
  json: () =>
    fc
      .jsonValue({ maxDepth: 2, noUnicodeString: false } as object)
      .filter(v => v !== null)
      .map(v => JSON.parse(JSON.stringify(v))),
}

/** Values of a kind, null where it may be. */
export function valuesOf(kind: Kind): fc.Arbitrary<unknown> {
  const some = someOf(kind)
  return kind.optional ? fc.option(some, { nil: null }) : some
}

function someOf(kind: Kind): fc.Arbitrary<unknown> {
  if (kind.tag === 'list') return fc.array(valuesOf(elementOf(kind)), { maxLength: 3 })
  if (kind.tag !== 'struct') return (PLAIN[kind.tag] as (kind: Kind) => fc.Arbitrary<unknown>)(kind)
  const { list } = structOf(kind) as AnySchema
  return fc.tuple(...list.map(f => valuesOf(f.kind))).map(parts =>
    objectOf(
      list.map(f => f.name),
      parts,
    ),
  )
}

/** `__proto__` is a name like another. */
function objectOf(names: readonly string[], parts: readonly unknown[]): object {
  const made = {}
  names.forEach((name, i) =>
    Object.defineProperty(made, name, {
      value: parts[i],
      enumerable: true,
      writable: true,
      configurable: true,
    }),
  )
  return made
}
