/** Retail lines as batches in memory, with dictionaries that grow from batch to batch, as a scan leaves them. */
import { type Batch, dense } from '../../engine/data/batch.ts'
import type { Column } from '../../engine/data/column.ts'
import type { AnySource, Split } from '../../engine/io/source.ts'
import { csv } from 'millrace/io'
import { Line } from '../pipelines/line.ts'

const ROWS_A_BATCH = 16_384

export const linesOf = (input: string): AnySource => csv(input, Line)

export const splitsOf = async (source: AnySource): Promise<readonly Split[]> =>
  (await source.plan({ splitBytes: 2 ** 40 })).splits

/** Calls `take` with each batch of the splits; it is valid until the call returns. */
export async function eachBatch(
  source: AnySource,
  { splits, wanted }: { splits: readonly Split[]; wanted: readonly boolean[] },
  take: (batch: Batch) => void,
): Promise<void> {
  for (const split of splits) {
    const reader = await source.open(split, {
      wanted,
      rowsPerBatch: ROWS_A_BATCH,
      reject: ({ reason }) => {
        throw new Error(`a line was rejected: ${reason}`)
      },
      advance: () => {},
    })
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) take(batch)
    await reader.close()
  }
}

/** Copies of the batches of one file; their dictionaries are shared. */
export async function batchesOf(input: string): Promise<Batch[]> {
  const source = linesOf(input)
  const [split] = await splitsOf(source)
  const kept: Batch[] = []
  const wanted = Line.list.map(() => true)
  await eachBatch(source, { splits: [split as Split], wanted }, batch => {
    const columns = batch.columns.map(column => copyOf(column as Column))
    kept.push(dense(batch.schema, columns, batch.rows))
  })
  return kept
}

function copyOf(column: Column): Column {
  if (column.pool?.unique === false) throw new Error(`${column.kind.name} came without dictionary`)
  return { ...column, values: column.values.slice(), valid: column.valid?.slice() ?? null }
}

export const rowsOf = (batches: readonly Batch[]): number =>
  batches.reduce((sum, batch) => sum + batch.rows, 0)
