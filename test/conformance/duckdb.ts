/** DuckDB as an oracle: tables of rows, put there value by value, and a query's answer as rows. */
import {
  type DuckDBAppender,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api'
import { newColumn } from '../../engine/data/column.ts'
import type { Kind } from '../../engine/data/kind.ts'
import type { AnySchema } from '../../engine/data/schema.ts'
import { readUnits, writeValue } from '../../engine/data/value.ts'
import type { Row } from '../../engine/plan/node.ts'
import type { Output } from './answers.ts'

/** Each table also has `pos`, the row's place. */
export type Tables = ReadonlyMap<string, Output>

const DAY_MS = 86_400_000

/** Answers queries over the tables; a query's columns must be those of its schema, in its order. */
export async function withTables<T>(
  tables: Tables,
  use: (query: (sql: string, schema: AnySchema) => Promise<Row[]>) => Promise<T>,
): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  try {
    for (const [name, { schema, rows }] of tables) {
      const columns = schema.list.map(f => `"${f.name}" ${typeOf(f.kind)}`)
      await connection.run(`CREATE TABLE ${name} (${[...columns, 'pos INTEGER'].join(',')})`)
      const appender = await connection.createAppender(name)
      rows.forEach((row, pos) => {
        for (const { name: column, kind } of schema.list) append(appender, kind, row[column])
        appender.appendInteger(pos)
        appender.endRow()
      })
      appender.closeSync()
    }
    return await use(async (sql, schema) => {
      const rows = (await connection.runAndReadAll(sql)).getRows()
      return rows.map(row =>
        Object.fromEntries(schema.list.map((f, j) => [f.name, valueFrom(f.kind, row[j] ?? null)])),
      )
    })
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function typeOf(kind: Kind): string {
  if (kind.tag === 'decimal') return `DECIMAL(${kind.precision},${kind.scale})`
  const types: Record<string, string> = {
    bool: 'BOOLEAN',
    int32: 'INTEGER',
    int64: 'BIGINT',
    bigint: 'BIGINT',
    float32: 'FLOAT',
    float64: 'DOUBLE',
    utf8: 'VARCHAR',
    date: 'DATE',
    timestamp: 'TIMESTAMP',
  }
  const type = types[kind.tag]
  if (type === undefined) throw new Error(`no type for ${kind.name}`)
  return type
}

type Append = (to: DuckDBAppender, value: never, kind: Kind) => void

const APPEND: Readonly<Record<string, Append>> = {
  bool: (to, value: boolean) => to.appendBoolean(value),
  int32: (to, value: number) => to.appendInteger(value),
  int64: (to, value: number) => to.appendBigInt(BigInt(value)),
  bigint: (to, value: bigint) => to.appendBigInt(value),
  float32: (to, value: number) => to.appendFloat(value),
  float64: (to, value: number) => to.appendDouble(value),
  utf8: (to, value: string) => to.appendVarchar(value),
  date: (to, value: number) => to.appendDate(new DuckDBDateValue(value / DAY_MS)),
  timestamp: (to, value: number) =>
    to.appendTimestamp(new DuckDBTimestampValue(BigInt(Math.round(value * 1000)))),
  decimal(to, value: number, kind) {
    const column = newColumn(kind, 1)
    writeValue(column, 0, value)
    to.appendDecimal(new DuckDBDecimalValue(readUnits(column, 0), kind.precision, kind.scale))
  },
}

function append(to: DuckDBAppender, kind: Kind, value: unknown): void {
  const how = APPEND[kind.tag]
  if (how === undefined) throw new Error(`no value of ${kind.name}`)
  if (value === null) to.appendNull()
  else how(to, value as never, kind)
}

function valueFrom(kind: Kind, value: DuckDBValue): unknown {
  if (value instanceof DuckDBDecimalValue) return value.toDouble()
  if (value instanceof DuckDBDateValue) return value.days * DAY_MS
  if (value instanceof DuckDBTimestampValue) return Number(value.micros) / 1000
  if (typeof value === 'bigint') return kind.tag === 'bigint' ? value : Number(value)
  return value
}
