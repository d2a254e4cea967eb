/** Readable predicates: `{ country: 'France', quantity: { gt: 0 } }` becomes a list of tests, checked against the kinds. */
import { isText } from '../engine/data/column.ts'
import { isNested, type Kind } from '../engine/data/kind.ts'
import type { Fields } from '../engine/data/schema.ts'
import { show } from '../engine/data/value.ts'
import type { Test as PlanTest } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { columnOf, type Step } from './step.ts'

export type Test<V> =
  | V
  | {
      eq?: V
      not?: V
      gt?: NonNullable<V>
      gte?: NonNullable<V>
      lt?: NonNullable<V>
      lte?: NonNullable<V>
      in?: readonly V[]
    }
export type Where<F extends Fields> = { readonly [K in keyof F]?: Test<F[K]['value']> }

const OPS = ['eq', 'not', 'gt', 'gte', 'lt', 'lte', 'in'] as const
type Op = (typeof OPS)[number]
const isOp = (name: string): name is Op => (OPS as readonly string[]).includes(name)

/** Throws pipeline: an unknown column or test, a value that the column cannot have. */
export function testsOf(step: Step, where: unknown): PlanTest[] {
  if (typeof where !== 'object' || where === null || Array.isArray(where))
    refuse('the tests are not an object', {
      at: step.at,
      hint: "write { country: 'France', quantity: { gt: 0 } }",
    })
  const tests = Object.entries(where).flatMap(([name, test]) => columnTests(step, name, test))
  if (tests.length === 0) refuse('no column is tested', { at: step.at })
  return tests
}

function columnTests(step: Step, name: string, test: unknown): PlanTest[] {
  const { kind } = columnOf(step, name)
  const isLiteral = typeof test !== 'object' || test === null || test instanceof Uint8Array
  const asked: [string, unknown][] = isLiteral ? [['eq', test]] : Object.entries(test)
  if (asked.length === 0) refuse(`column ${quote(name)} has no test`, { at: step.at, have: OPS })
  return asked.map(([op, value]) => {
    if (!isOp(op))
      return refuse(`test ${quote(op)} does not exist`, { at: step.at, have: OPS, near: op })
    checkValues(step, name, kind, op, value)
    return { column: name, op, value: op === 'in' ? [...(value as unknown[])] : value }
  })
}

function checkValues(step: Step, name: string, kind: Kind, op: Op, value: unknown): void {
  const ordered = op !== 'eq' && op !== 'not' && op !== 'in'
  if (ordered && (kind.tag === 'bool' || (isText(kind) && kind.tag !== 'utf8')))
    refuse(`column ${quote(name)} is ${kind.name}, which has no order for ${quote(op)}`, {
      at: step.at,
    })
  if (op === 'in' && !Array.isArray(value))
    refuse(`test "in" of column ${quote(name)} needs a list, got ${show(value)}`, { at: step.at })
  for (const one of op === 'in' ? (value as unknown[]) : [value])
    checkLiteral(step, name, kind, one, ordered)
}

/** A literal may be between two values of the kind (a fraction beside int32), never of another type. */
export function checkLiteral(
  step: Step,
  name: string,
  kind: Kind,
  value: unknown,
  ordered: boolean,
): void {
  const { at } = step
  if (value === null) {
    if (kind.optional && !ordered) return
    refuse(`column ${quote(name)} is compared with null`, {
      at,
      hint: ordered ? 'null has no order; test it with not: null' : `${kind.name} is never null`,
    })
  }
  if (isNested(kind))
    refuse(`column ${quote(name)} is ${kind.tag}, which is tested for null only`, {
      at,
      hint: 'unnest or unpack it, or use filter',
    })
  if (!typeFits(kind, value))
    refuse(`column ${quote(name)}: expected ${kind.name}, got ${show(value)}`, {
      at,
      hint: isTime(kind) ? 'times are epoch milliseconds: Date.UTC(2011, 11, 9)' : undefined,
    })
  if (kind.values !== null && !kind.values.includes(value as string))
    refuse(`column ${quote(name)} never is ${show(value)}`, {
      at,
      have: kind.values,
      near: String(value),
    })
}

const isTime = (kind: Kind): boolean =>
  kind.tag === 'date' || kind.tag === 'timestamp' || kind.tag === 'datetime'

function typeFits(kind: Kind, value: unknown): boolean {
  if (kind.tag === 'bool') return typeof value === 'boolean'
  if (kind.tag === 'bigint') return typeof value === 'bigint'
  if (kind.tag === 'utf8') return typeof value === 'string'
  if (kind.tag === 'bytes') return value instanceof Uint8Array
  return typeof value === 'number' && !Number.isNaN(value)
}
