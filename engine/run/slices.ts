/** Batches in pieces: the same columns, fewer of the selected rows. */
import type { Batch } from '../data/batch.ts'
import type { Emit } from './operator.ts'

/** Row numbers 0, 1, 2 …: what a batch without a selection selects. */
let all = new Int32Array(0)

/** The selected rows `from` … `to`. */
export function piece(batch: Batch, from: number, to: number): Batch {
  if (from === 0 && to === batch.selected) return batch
  if (batch.selection === null && all.length < to)
    all = Int32Array.from({ length: to * 2 }, (_, i) => i)
  const selection = (batch.selection ?? all).subarray(from, to)
  return { ...batch, selection, selected: to - from }
}

/** The batches in pieces of at most so many rows. */
export function* inPieces(batches: Iterable<Batch>, rowsMax: number): Iterable<Batch> {
  for (const batch of batches)
    for (let from = 0; from < batch.selected; from += rowsMax)
      yield piece(batch, from, Math.min(batch.selected, from + rowsMax))
}

/** Hands a batch on in pieces of `rowsPerBatch`; nothing where it has no row. */
export async function inSlices(batch: Batch, rowsPerBatch: number, emit: Emit): Promise<void> {
  for (let from = 0; from < batch.selected; from += rowsPerBatch)
    await emit(piece(batch, from, Math.min(batch.selected, from + rowsPerBatch)))
}
