/** What `table` was asked of a Postgres table: rows, in which parts, since when. */
import type { AnySchema } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { Condition, Test } from '../../../engine/io/condition.ts'
import type { TableRead } from '../table/source.ts'
import { tableName, type TableName } from './names.ts'

export interface Asked {
  readonly name: TableName
  readonly schema: AnySchema
  readonly where: Condition
  readonly incremental: TableRead['incremental']
  readonly splitBy: string | null
}

const OPS: readonly string[] = ['eq', 'not', 'gt', 'gte', 'lt', 'lte', 'in']

/** Throws pipeline: a name, a test or a column that there is none of. */
export function askedOf(asked: TableRead, schema: AnySchema): Asked {
  return {
    name: tableName(asked.table),
    schema,
    where: Object.entries(asked.where).flatMap(([c, test]) => testsOf(asked.table, c, test)),
    incremental: asked.incremental,
    splitBy: asked.splitBy,
  }
}

/** The tests of a column in `where`. Throws pipeline: one that there is none of. */
export function testsOf(table: string, column: string, test: unknown): Test[] {
  const plain = typeof test !== 'object' || test === null || test instanceof Uint8Array
  const asked: [string, unknown][] = plain ? [['eq', test]] : Object.entries(test)
  return asked.map(([op, value]) => {
    const known = OPS.includes(op) && (op !== 'in' || Array.isArray(value)) && value !== undefined
    if (known) return { column, op: op as Test['op'], value }
    throw new Fault(
      'pipeline',
      `table ${table}: test ${JSON.stringify(op)} of column "${column}" is none`,
      {
        detail: [`have  ${OPS.join(' ')}`],
        hint: "where: { country: 'France', price: { gt: 0 } }",
      },
    )
  })
}
