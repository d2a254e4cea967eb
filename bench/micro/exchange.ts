/** Rows through an exchange: into 16 partitions by hash, and out again, in memory and on disk. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Batch } from '../../engine/data/batch.ts'
import { Arena } from '../../engine/run/exchange/arena.ts'
import type { BlockHandle } from '../../engine/run/exchange/block.ts'
import { hashPartition, keyHasher } from '../../engine/run/exchange/hash.ts'
import { partitionOf } from '../../engine/run/exchange/reader.ts'
import { free } from '../../engine/run/exchange/shared-pages.ts'
import { SpillFile } from '../../engine/run/exchange/spill-file.ts'
import { ExchangeWriter } from '../../engine/run/exchange/writer.ts'
import { Line } from '../pipelines/line.ts'
import { rowsOf } from './batches.ts'
import type { Micro } from './measure.ts'

const PARTITIONS = 16

export function exchangeMicros(batches: readonly Batch[], folder: string): Micro[] {
  const rows = rowsOf(batches)
  const arena = Arena.create(1 << 30)
  const spill = join(folder, 'micro-spill')
  const write = (memory: Arena | null, partitions: number): BlockHandle[] => {
    rmSync(spill, { force: true })
    const hash = hashPartition(keyHasher(Line, ['InvoiceNo', 'StockCode']), partitions)
    const writer = new ExchangeWriter({
      schema: Line,
      partitions,
      partitionOf: partitions === 1 ? null : hash,
      arena: memory,
      overflow: new SpillFile(spill),
    })
    for (const batch of batches) writer.write(batch)
    return writer.finish().blocks.flat()
  }
  const writeAndFree = (partitions: number) => () => {
    for (const handle of write(arena, partitions)) free(handle, arena)
  }
  const read = (handles: readonly BlockHandle[]) => () => {
    let seen = 0
    for (const batch of partitionOf(handles, arena, Line).batches()) seen += batch.rows
    if (seen !== rows) throw new Error(`${seen} rows, expected ${rows}`)
  }
  const onDisk = () => read(write(null, PARTITIONS))()
  return [
    { name: 'write, 1 partition', rows, run: writeAndFree(1) },
    { name: `write, ${PARTITIONS} partitions by 2 keys`, rows, run: writeAndFree(PARTITIONS) },
    { name: 'read, in memory', rows, run: read(write(arena, PARTITIONS)) },
    { name: `write and read on disk, ${PARTITIONS} partitions`, rows, run: onDisk },
  ]
}
