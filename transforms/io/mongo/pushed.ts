/**
 * What of `where` the server tests, so that documents that no step keeps are not sent. Expressions of an
 * aggregation are used, not a query's operators: those would match the elements of a list, and only see
 * values of their own type. A document is left out where it is sure, from the types and bounds of its
 * fields, that it is not rejected, and sure that it fails; every other one is read and judged here. A
 * text is taken to be UTF-8, as MongoDB wants it.
 */
import type { BSON } from 'mongodb'
import { isWide, type Kind } from '../../../engine/data/kind.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { Condition, Test } from '../../../engine/io/condition.ts'
import type { Query } from './range.ts'

type Bson = typeof BSON

export interface Pushed {
  /** Documents to be read. */
  readonly keep: Query
  /** Documents that are not, the number of the condition that each fails first. */
  readonly left: Query
  readonly by: Query
}

const ABSENT = ['missing', 'null', 'undefined']
/** BSON's types that surely fit a kind, and that compare with a test's value as the kind's values do. */
const TYPES: { readonly [tag: string]: readonly string[] } = {
  bool: ['bool'],
  int32: ['int'],
  int64: ['int'],
  bigint: ['int', 'long'],
  float32: [],
  float64: ['double', 'int'],
  decimal: ['decimal', 'int'],
  utf8: ['string'],
  timestamp: ['date'],
  datetime: ['date'],
}
const DATES = [new Date(-62_135_596_800_000), new Date(253_402_300_799_999)] as const

/** Null where no condition can be tested there. Conditions after the first such one are left to the steps. */
export function pushedOf(
  bson: Bson,
  { list }: AnySchema,
  { paths, conditions }: { paths: readonly string[]; conditions: readonly Condition[] },
): Pushed | null {
  if (paths.some(path => /\.\d+(?:\.|$)/.test(path))) return null
  const sure = list.map(({ kind }, k) => sureOf(bson, kind, field(paths[k] as string)))
  if (sure.includes(null)) return null
  const passed: Query[] = []
  for (const condition of conditions) {
    const tests = condition.map(test => {
      const k = list.findIndex(f => f.name === test.column)
      return k < 0
        ? null
        : testOf(bson, (list[k] as { kind: Kind }).kind, field(paths[k] as string), test)
    })
    if (tests.includes(null)) break
    passed.push({ $and: tests })
  }
  if (passed.length === 0) return null
  const fits = { $and: sure }
  const all = { $and: passed }
  // biome-ignore lint/suspicious/noThenProperty: it is the operator's own word
  const branches = passed.map((pass, i) => ({ case: { $not: [pass] }, then: i }))
  return {
    keep: { $expr: { $or: [{ $not: [fits] }, all] } },
    left: { $expr: { $and: [fits, { $not: [all] }] } },
    by: { $switch: { branches, default: -1 } },
  }
}

const field = (path: string): string => `$${path}`

/** An expression that is true where the field is surely not rejected; null where none can tell. */
function sureOf(bson: Bson, kind: Kind, path: string): Query | null {
  const types = TYPES[kind.tag]
  if (types === undefined || types.length === 0 || isWide(kind)) return null
  const type = { $type: path }
  const within = boundsOf(bson, kind, path)
  const there = { $in: [type, types] }
  const fits = within === null ? there : { $cond: [there, within, false] }
  return kind.optional ? { $or: [{ $in: [type, ABSENT] }, fits] } : fits
}

/** What a value of the right type must keep to besides; null for nothing. */
function boundsOf(bson: Bson, kind: Kind, path: string): Query | null {
  if (kind.values !== null) return { $in: [path, { $literal: kind.values }] }
  if (kind.tag === 'decimal') {
    const limit = (sign: string) =>
      bson.Decimal128.fromString(`${sign}1E${kind.precision - kind.scale}`)
    const whole = { $eq: [{ $round: [path, kind.scale] }, path] }
    // NaN comes before all numbers.
    return { $and: [{ $gt: [path, limit('-')] }, { $lt: [path, limit('')] }, whole] }
  }
  // A row's NaN comes after all numbers, and MongoDB's before them: it is judged here.
  if (kind.tag === 'float64') return { $gte: [path, Number.NEGATIVE_INFINITY] }
  if (kind.tag === 'timestamp' || kind.tag === 'datetime')
    return { $and: [{ $gte: [path, DATES[0]] }, { $lte: [path, DATES[1]] }] }
  return null
}

/** Null where the server cannot tell. */
function testOf(bson: Bson, kind: Kind, path: string, test: Test): Query | null {
  const none = { $in: [{ $type: path }, ABSENT] }
  const { op, value } = test
  if (op === 'in') {
    const each = (value as readonly unknown[]).map(v =>
      testOf(bson, kind, path, { column: test.column, op: 'eq', value: v }),
    )
    return each.includes(null) ? null : { $or: each }
  }
  if (value === null) return op === 'eq' ? none : op === 'not' ? { $not: [none] } : null
  const bound = boundOf(bson, kind, value)
  if (bound === null) return null
  const order = { [op === 'not' ? '$ne' : `$${op}`]: [path, { $literal: bound }] }
  return { $and: [{ $not: [none] }, order] }
}

/** A test's value as BSON that compares with the field's as the two do here; null where there is none. */
function boundOf(bson: Bson, { tag }: Kind, value: unknown): unknown {
  switch (tag) {
    case 'bool':
      return typeof value === 'boolean' ? value : null
    case 'utf8':
      return typeof value === 'string' && value.isWellFormed() ? value : null
    case 'bigint':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value
        ? bson.Long.fromBigInt(value)
        : null
    case 'decimal':
      return Number.isFinite(value) ? bson.Decimal128.fromString(String(value)) : null
    case 'timestamp':
    case 'datetime':
      return Number.isInteger(value) && Math.abs(value as number) <= 8.64e15
        ? new Date(value as number)
        : null
    default:
      return typeof value === 'number' && !Number.isNaN(value) ? new bson.Double(value) : null
  }
}
