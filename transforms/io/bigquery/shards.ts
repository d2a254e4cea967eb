/**
 * Which shards go into which load job: a job takes 10,000 URIs and 15 TB. Several jobs append to one
 * staging table, each under an id of its own, so that each is done once, in whatever order.
 */
import { statSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { Fault } from '../../../engine/fault.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { hashOf } from './names.ts'
import { type Place, shardUris } from './place.ts'

/** `jobs`: that load one table on one day; a staging table is loaded by all of its own. */
export const JOB_LIMITS = { uris: 10_000, bytes: 15e12, jobs: 1500 }

export interface Chunk {
  readonly index: number
  /** Positions in the load's files: [from, to). */
  readonly from: number
  readonly to: number
  readonly bytes: number
}

/** Throws data: one shard alone is above the limit, or the shards are more than one table takes on a day. */
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
          hint: 'write fewer rows a run: a shard is one file',
        },
      )
    if (i > from && (i - from === limits.uris || sum + size > limits.bytes)) {
      chunks.push({ index: chunks.length, from, to: i, bytes: sum })
      from = i
      sum = 0
    }
    sum += size
  }
  if (from < bytes.length) chunks.push({ index: chunks.length, from, to: bytes.length, bytes: sum })
  if (chunks.length > limits.jobs)
    throw new Fault(
      'data',
      `table ${load.table}: ${chunks.length} load jobs are needed, of ${limits.jobs} a table and day`,
      {
        at: load.at,
        detail: [`have  ${bytes.length} shards, at most ${limits.uris} a job`],
        hint: 'load it in several runs, on several days',
      },
    )
  return chunks
}

export interface ShardPlan {
  /** In the order of the load's files. */
  readonly uris: readonly string[]
  readonly chunks: readonly Chunk[]
}

/** Other work has its turn after so many. */
const STATS_A_TURN = 500

/** Where its shards lie on their way: a rerun finds those of a killed run there. */
export const urisOf = (load: TableLoad, place: Place): string[] =>
  shardUris(place, hashOf('shards', load.id, load.table), load.files.length)

/**
 * URIs of a load's shards and the jobs that load them.
 *
 * Cost    a look at each file's size: 10,000 files in a fifth of a second
 * Throws  as `chunksOf`
 */
export async function planShards(load: TableLoad, place: Place): Promise<ShardPlan> {
  const { files } = load
  const bytes: number[] = []
  // A look takes some microseconds; by the thread pool it takes ten times as long.
  for (const path of files) {
    if (bytes.length % STATS_A_TURN === STATS_A_TURN - 1) await turn()
    bytes.push(sizeOf(path, load))
  }
  return { uris: urisOf(load, place), chunks: chunksOf(load, bytes) }
}

function sizeOf(path: string, load: TableLoad): number {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found) return found.size
  throw new Fault('engine', `table ${load.table}: shard ${path} is gone`, { at: load.at })
}
