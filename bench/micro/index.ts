/** The micro benches: the engine's inner loops, each alone, on one thread, over lines in memory. */
import { inputSet, inputsOf } from '../inputs.ts'
import { batchesOf } from './batches.ts'
import { csvMicros } from './csv.ts'
import { exchangeMicros } from './exchange.ts'
import { groupMicros } from './groups.ts'
import { lambdaMicros } from './lambdas.ts'
import { runMicros } from './measure.ts'
import { parquetMicros } from './parquet.ts'

/** `rows` are scanned; an eighth of them, one file, lies in memory for the others. */
export async function runMicro(
  { folder, rows }: { readonly folder: string; readonly rows: number },
  print: (line: string) => void,
): Promise<void> {
  const set = inputSet(folder, rows)
  const { input } = await inputsOf(set, 'csv')
  await runMicros('CSV scanner', await csvMicros(input, rows), print)
  const batches = await batchesOf(input)
  await runMicros('Group table', groupMicros(batches), print)
  await runMicros('Exchange', exchangeMicros(batches, set.folder), print)
  await runMicros('Parquet', parquetMicros(batches, set.folder), print)
  await runMicros('Six lambdas', lambdaMicros(batches), print)
}
