/** What `table` was asked of a Postgres table: rows, in which parts, since when. */
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { Condition } from '../../../engine/io/condition.ts'
import type { TableRead } from '../table/source.ts'
import { testsOf } from '../table/where.ts'
import { tableName, type TableName } from './names.ts'

export interface Asked {
  readonly name: TableName
  readonly schema: AnySchema
  readonly where: Condition
  readonly incremental: TableRead['incremental']
  readonly splitBy: string | null
}

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
