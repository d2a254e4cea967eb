/**
 * Only files that are new: those that were changed after the mark of the last run that was published,
 * less an overlap for clocks that differ and writers that finish late. A file of the overlap is read
 * again, so what is made of its rows must be idempotent: a merge by key, or replaced partitions.
 */
import { Fault } from '../../../engine/fault.ts'
import type { PlanRequest } from '../../../engine/io/source.ts'
import { durationMs } from '../retry/duration.ts'
import type { InputFile } from './list.ts'

export interface IncrementalFiles {
  /** How much earlier than the mark a file may have been changed to be read: `10min`, `0s`. Default: 10min. */
  readonly overlap?: string
}

const OVERLAP = '10min'

/** Milliseconds of overlap; null where the source is not incremental. Throws pipeline: no span of time. */
export function overlapOf(o: IncrementalFiles | undefined): number | null {
  return o === undefined ? null : durationMs('incremental.overlap', o.overlap ?? OVERLAP, 0)
}

/**
 * The files of the run, and up to when they were changed. Also in a run of an interval they are all that
 * there are by now: when a file arrives says nothing of the times in its rows.
 *
 * Throws  data: the mark is no time
 */
export function newFiles(
  files: readonly InputFile[],
  overlapMs: number,
  { since = null }: Pick<PlanRequest, 'since'>,
): { readonly files: readonly InputFile[]; readonly mark: string | null } {
  const from = since === null ? Number.NEGATIVE_INFINITY : timeOf(since)
  const changed = files.filter(f => f.modified > from - overlapMs)
  const last = changed.reduce((max, f) => Math.max(max, f.modified), from)
  const mark = Number.isFinite(last) ? new Date(last).toISOString() : null
  return { files: changed, mark }
}

function timeOf(mark: string): number {
  const ms = Date.parse(mark)
  if (!Number.isNaN(ms)) return ms
  throw new Fault('data', `${JSON.stringify(mark)} is no mark of files`, {
    hint: 'a mark is written as 2024-01-31T10:00:00.123Z',
  })
}
