/**
 * What a contestant wrote, read back by DuckDB as small tables, and whether two of them are the same.
 * Sums of floats differ in their last digits from exact ones; whole numbers and texts may not.
 */
import { DuckDBInstance } from '@duckdb/node-api'

export type Table = readonly (readonly unknown[])[]
/** By output. */
export type Answer = Readonly<Record<string, Table>>

/** Relative. One row is worth 1e-7 of a sum over millions and more. */
const FLOAT_ERROR = 1e-10

export async function ask(sql: string): Promise<Table> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][]
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

export async function answerOf(queries: Readonly<Record<string, string>>): Promise<Answer> {
  const answer: Record<string, Table> = {}
  for (const [output, sql] of Object.entries(queries)) answer[output] = await ask(sql)
  return answer
}

/** The first difference in words; null where there is none. An answer without rows is one. */
export function difference(got: Answer, expected: Answer): string | null {
  for (const [output, rows] of Object.entries(expected)) {
    const found = got[output] ?? []
    if (rows.length === 0) return `${output}: nothing is expected, so nothing is compared`
    if (found.length !== rows.length)
      return `${output}: ${found.length} rows, expected ${rows.length}`
    const at = rows.findIndex((row, i) => !row.every((cell, j) => same(found[i]?.[j], cell)))
    if (at >= 0) return `${output}, row ${at}: ${show(found[at])}, expected ${show(rows[at])}`
  }
  return null
}

function same(got: unknown, expected: unknown): boolean {
  if (got === expected) return true
  const [a, b] = [Number(got), Number(expected)]
  const isFloat = (value: unknown) => typeof value === 'number' && !Number.isInteger(value)
  if (!isFloat(got) && !isFloat(expected)) return false
  return Math.abs(a - b) <= FLOAT_ERROR * Math.max(Math.abs(a), Math.abs(b))
}

const show = (row: unknown): string => JSON.stringify(row)
