/** The settings in which every conformance case runs: batches of three sizes, with and without spilling. */
import type { RunOptions } from '../../engine/run/run.ts'

type Setting = Omit<RunOptions, 'pipeline'>

/** Where the order of rows is not promised: collections that meet, batch by batch. */
const UNORDERED = new Set(['flatten and reshuffle'])

/** Every operator holds next to nothing, and every block lies on disk. */
const SPILLING = { operatorBytes: 16 << 10, arenaBytes: 1 }

export const settings: Readonly<Record<string, Setting>> = {
  'batches of 65,536': { rowsPerBatch: 65_536, partitions: 1 },
  'batches of 1': { rowsPerBatch: 1, partitions: 1 },
  'batches of 7, 4 partitions': { rowsPerBatch: 7, partitions: 4 },
  'batches of 65,536, spilling': { rowsPerBatch: 65_536, partitions: 1, ...SPILLING },
  'batches of 1, 3 partitions, spilling': { rowsPerBatch: 1, partitions: 3, ...SPILLING },
  'batches of 7, spilling': { rowsPerBatch: 7, partitions: 1, ...SPILLING },
}
/** Whether an output's rows come in the interpreter's order. */
export const ordered =
  ({ partitions }: Setting) =>
  (output: string) =>
    partitions === 1 && !UNORDERED.has(output.split('/')[0] as string)
