/** For the tests of this folder: a database of a server, its statements, and its tables as a source. */
import type { TestContext } from 'node:test'
import pg from 'pg'
import type { AnySchema } from '../../engine/data/schema.ts'
import type { PlanRequest, ReadRequest, Reject, SourcePlan } from '../../engine/io/source.ts'
import { readValue } from '../../engine/data/value.ts'
import { columnOf } from '../../engine/data/batch.ts'
import { serverOf } from '../services/services.ts'
import { table } from '../../transforms/io/table/index.ts'
import type { TableSourceOptions } from '../../transforms/io/table/source.ts'

let databases = 0

export interface Database {
  readonly uri: string
  readonly run: (sql: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>
}

/** A database of the test's own; its connection ends with the test. */
export async function databaseOf(t: TestContext, options = ''): Promise<Database> {
  const { uri } = await serverOf('postgres')
  const name = `test_${process.pid}_${++databases}`
  const admin = new pg.Client(uri)
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name} ${options}`)
  await admin.end()
  const own = uri.replace(/\/[^/]*$/, `/${name}`)
  const client = new pg.Client(own)
  await client.connect()
  t.after(() => client.end())
  return {
    uri: own,
    run: async (sql, values = []) => (await client.query(sql, [...values])).rows,
  }
}

export interface Read {
  readonly rows: Record<string, unknown>[]
  readonly rejects: Reject[]
  readonly plan: SourcePlan
  readonly skipped: Map<number, number>
  /** Of each split, its number of rows. */
  readonly perSplit: number[]
}

export type ReadOptions = TableSourceOptions<Record<string, never>> & {
  readonly request?: Partial<PlanRequest>
  readonly read?: Partial<ReadRequest>
  readonly conditions?: PlanRequest['conditions']
  /** Runs between planning and reading. */
  readonly between?: () => Promise<unknown>
}

/** Reads a table as the engine does, split by split. */
export async function readTable(
  uri: string,
  name: string,
  schema: AnySchema,
  { request = {}, read = {}, conditions, between, ...options }: ReadOptions = {},
): Promise<Read> {
  const source = table(uri, name, schema, options as never)
  const rows: Record<string, unknown>[] = []
  const rejects: Reject[] = []
  const perSplit: number[] = []
  const skipped = new Map<number, number>()
  try {
    const plan = await source.plan({ splitBytes: 2 ** 24, ...request })
    await between?.()
    for (const split of plan.splits) {
      const before = rows.length
      const wanted = schema.list.map(() => true)
      const reader = await source.open(structuredClone(split), {
        wanted,
        rowsPerBatch: 1000,
        reject: r => void rejects.push(r),
        advance: () => {},
        ...(conditions === undefined
          ? {}
          : {
              leaveOut: {
                conditions,
                skipped: (n, by) => void skipped.set(by, (skipped.get(by) ?? 0) + n),
              },
            }),
        ...read,
      })
      try {
        for (let b = await reader.next(); b !== null; b = await reader.next()) {
          const batch = { ...b, widen: () => {} }
          batch.widen = () => {
            reader.widen(wanted).columns.forEach((c, i) => {
              batch.columns[i] = c
            })
          }
          for (let k = 0; k < batch.selected; k++) {
            const row = batch.selection === null ? k : (batch.selection[k] as number)
            rows.push(
              Object.fromEntries(
                schema.list.map((f, i) => [f.name, readValue(columnOf(batch, i), row)]),
              ),
            )
          }
        }
      } finally {
        await reader.close()
      }
      perSplit.push(rows.length - before)
    }
    return { rows, rejects, plan, skipped, perSplit }
  } finally {
    await source.release?.()
  }
}
