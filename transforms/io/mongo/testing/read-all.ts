/** Reads a collection as a run would, one split after the other, for the tests. */
import type { AnySchema } from '../../../../engine/data/schema.ts'
import { readValue } from '../../../../engine/data/value.ts'
import type { LeaveOut } from '../../../../engine/io/condition.ts'
import type { AnySource, PlanRequest, Reject, SourcePlan } from '../../../../engine/io/source.ts'

export interface ReadAll {
  readonly plan: SourcePlan
  readonly rows: Record<string, unknown>[]
  readonly rejects: Reject[]
  /** Rows of each split. */
  readonly perSplit: number[]
}

export interface ReadOptions {
  readonly request?: Partial<PlanRequest>
  readonly rowsPerBatch?: number
  readonly leaveOut?: LeaveOut
  /** Called after each batch. */
  readonly afterBatch?: (rows: number) => Promise<void> | void
}

export async function readAll(source: AnySource, o: ReadOptions = {}): Promise<ReadAll> {
  const plan = await source.plan({ splitBytes: 16 << 20, ...o.request })
  const found: ReadAll = { plan, rows: [], rejects: [], perSplit: [] }
  for (const split of plan.splits) {
    const before = found.rows.length
    const reader = await source.open(split, {
      wanted: source.schema.list.map(() => true),
      rowsPerBatch: o.rowsPerBatch ?? 1000,
      reject: reject => found.rejects.push(reject),
      advance() {},
      ...(o.leaveOut && { leaveOut: o.leaveOut }),
    })
    try {
      for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
        for (let k = 0; k < batch.selected; k++) {
          const row = batch.selection?.[k] ?? k
          found.rows.push(rowOf(source.schema, batch.columns, row))
        }
        await o.afterBatch?.(found.rows.length)
      }
    } finally {
      await reader.close()
    }
    found.perSplit.push(found.rows.length - before)
  }
  return found
}

function rowOf(
  schema: AnySchema,
  columns: readonly (Parameters<typeof readValue>[0] | null)[],
  row: number,
): Record<string, unknown> {
  return Object.fromEntries(
    schema.list.map(({ name }, k) => [name, columns[k] ? readValue(columns[k], row) : undefined]),
  )
}
