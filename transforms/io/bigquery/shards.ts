/**
 * Which shards go into which load job: a job takes 10,000 URIs and 15 TB. Several jobs append to one
 * staging table, each under an id of its own, so that each is done once, in whatever order.
 */
import { Fault } from '../../../engine/fault.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'

export const JOB_LIMITS = { uris: 10_000, bytes: 15e12 }

export interface Chunk {
  readonly index: number
  /** Positions in the load's files: [from, to). */
  readonly from: number
  readonly to: number
}

/** Throws data: one shard alone is above the limit. */
export function chunksOf(
  load: Pick<TableLoad, 'table' | 'at' | 'files'>,
  bytes: readonly number[],
  limits = JOB_LIMITS,
): Chunk[] {
  const chunks: Chunk[] = []
  let from = 0
  let sum = 0
  for (let i = 0; i < bytes.length; i++) {
    const size = bytes[i] as number
    if (size > limits.bytes)
      throw new Fault(
        'data',
        `table ${load.table}: a shard has ${size} bytes, of ${limits.bytes}`,
        {
          at: load.at,
          detail: [`file  ${load.files[i]}`],
          hint: 'give bytesPerFile or rowsPerFile',
        },
      )
    if (i > from && (i - from === limits.uris || sum + size > limits.bytes)) {
      chunks.push({ index: chunks.length, from, to: i })
      from = i
      sum = 0
    }
    sum += size
  }
  if (from < bytes.length) chunks.push({ index: chunks.length, from, to: bytes.length })
  return chunks
}
