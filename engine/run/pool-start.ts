/**
 * Starts the threads of a run. Apart from the run, as it imports next to nothing of the engine: a process
 * that does nothing else starts them first, and imports the rest while they start.
 */
import { limitsOf, type RunOptions } from './options.ts'
import { Pool } from './pool.ts'

/** Threads for a module's pipeline; null: it is built inline, and runs in this thread. */
export function poolOf(o: RunOptions): Pool | null {
  if (typeof o.pipeline !== 'string') return null
  return new Pool({ module: o.pipeline, pipeline: o.export ?? null }, limitsOf(o))
}
