/** The Parquet encoder: all columns of the lines, zstd. */
import { join } from 'node:path'
import type { Batch } from '../../engine/data/batch.ts'
import { parquetFragment } from '../../transforms/io/parquet/fragment.ts'
import { Line } from '../pipelines/line.ts'
import { rowsOf } from './batches.ts'
import type { Micro } from './measure.ts'

export function parquetMicros(batches: readonly Batch[], folder: string): Micro[] {
  const rows = rowsOf(batches)
  const run = async () => {
    const writer = parquetFragment(join(folder, 'micro.parquet'), Line, {})
    for (const batch of batches) writer.write(batch)
    await writer.close()
  }
  return [{ name: 'encode 8 columns, zstd', rows, run }]
}
