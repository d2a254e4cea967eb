/** `where` as a condition of GoogleSQL. Values are parameters, never text of the query. */
import type { Kind } from '../../../engine/data/kind.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { fieldOf } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { name } from './names.ts'
import type { QueryParameter } from './query.ts'
import { typeOf } from './types.ts'

export interface Condition {
  readonly sql: string
  readonly parameters: readonly QueryParameter[]
}

const OPS: Readonly<Record<string, string>> = {
  eq: '=',
  not: '<>',
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
}

/** Throws pipeline: an operator that is none, a value that is not of the column's kind. */
export function conditionOf(
  schema: AnySchema,
  where: Readonly<Record<string, unknown>>,
): Condition {
  const parameters: QueryParameter[] = []
  const tests = Object.entries(where).flatMap(([column, test]) => {
    const { kind } = fieldOf(schema, column)
    return opsOf(test).map(([op, value]) => {
      const bind = (values: readonly unknown[], list: boolean): string => {
        const at = `p${parameters.length}`
        parameters.push(parameterOf(at, { column, kind, values, list }))
        return list ? `UNNEST(@${at})` : `@${at}`
      }
      return testOf(name(column), op, { value, bind, column })
    })
  })
  return { sql: tests.length === 0 ? 'TRUE' : tests.join(' AND '), parameters }
}

function opsOf(test: unknown): [string, unknown][] {
  const plain = typeof test !== 'object' || test === null || test instanceof Uint8Array
  return plain ? [['eq', test]] : Object.entries(test)
}

/** Null passes `eq: null`, and `in` with a null, alone. */
function testOf(
  column: string,
  op: string,
  o: {
    value: unknown
    column: string
    bind: (values: readonly unknown[], list: boolean) => string
  },
): string {
  const { value, bind } = o
  if (op === 'in' && Array.isArray(value)) {
    const some = value.filter(v => v !== null)
    const among = some.length === 0 ? 'FALSE' : `${column} IN ${bind(some, true)}`
    return some.length === value.length ? among : `(${among} OR ${column} IS NULL)`
  }
  const sign = Object.hasOwn(OPS, op) ? OPS[op] : undefined
  if (sign === undefined)
    throw new Fault('pipeline', `where of column "${o.column}" has no test ${JSON.stringify(op)}`, {
      detail: [`have  ${Object.keys(OPS).join(' ')} in`],
    })
  if (value === null && op === 'eq') return `${column} IS NULL`
  if (value === null && op === 'not') return `${column} IS NOT NULL`
  return `${column} ${sign} ${bind([value], false)}`
}

export function parameterOf(
  at: string,
  o: { column: string; kind: Kind; values: readonly unknown[]; list: boolean },
): QueryParameter {
  const type = { type: typeOf(o.kind) ?? 'STRING' }
  const texts = o.values.map(value => ({ value: textOf(o.kind, value, o.column) }))
  if (!o.list)
    return { name: at, parameterType: type, parameterValue: { value: texts[0]?.value ?? null } }
  return {
    name: at,
    parameterType: { type: 'ARRAY', arrayType: type },
    parameterValue: { arrayValues: texts },
  }
}

/** As the REST interface takes a value of the kind's type. */
function textOf({ tag, name: kind }: Kind, value: unknown, column: string): string {
  const refuse = (): never => {
    throw new Fault(
      'pipeline',
      `where of column "${column}": expected ${kind}, got ${typeof value}`,
    )
  }
  switch (tag) {
    case 'utf8':
      return typeof value === 'string' ? value : refuse()
    case 'bool':
      return typeof value === 'boolean' ? String(value) : refuse()
    case 'bytes':
      return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : refuse()
    case 'date':
      return isoOf(value, refuse).slice(0, 10)
    case 'timestamp':
      return isoOf(value, refuse)
    case 'datetime':
      return isoOf(value, refuse).slice(0, -1)
    default:
      return typeof value === 'number' || typeof value === 'bigint' ? String(value) : refuse()
  }
}

/** Epoch milliseconds, with the microseconds that a fraction holds. */
function isoOf(value: unknown, refuse: () => never): string {
  if (typeof value !== 'number' || !(Math.abs(value) <= 8.64e15)) return refuse()
  const micros = Math.round(value * 1000)
  const millis = Math.floor(micros / 1000)
  const iso = new Date(millis).toISOString()
  return iso.replace('Z', `${String(micros - millis * 1000).padStart(3, '0')}Z`)
}
