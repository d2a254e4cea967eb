/**
 * The entry of a worker thread: imports the pipeline's module while the coordinator plans, builds the
 * same plan with its first job, and runs tasks of it. Faults cross back as data.
 */
import { threadId, workerData as ours } from 'node:worker_threads'
import { faultToJson } from '../engine/fault.ts'
import type { WorkerJob } from '../engine/run/executor.ts'
import { loadPipeline, runnerOf } from '../engine/run/load.ts'
import type { WorkerStart } from '../engine/run/pool.ts'
import type { Answer } from '../engine/run/protocol.ts'
import { Pulse } from '../engine/run/pulse.ts'
import type { TaskRunner } from '../engine/run/task-runner.ts'

// Piscina wraps what it was given: [its own, ours].
const start = (Array.isArray(ours) ? ours[1] : ours) as WorkerStart
const loading = loadPipeline(start.module, start.pipeline)
// It is told with the first job.
loading.catch(() => {})
let runner: TaskRunner | null = null

// Piscina tries `require` before `import`, and a thread that is ended in the last steps of requiring a
// module takes the process with it (an assertion of Node's). A module that waits is only imported.
await null

export default async function work(job: WorkerJob): Promise<Answer<unknown>> {
  const pulse = new Pulse(job.pulse)
  pulse.begin(threadId)
  try {
    runner ??= runnerOf(job.data, await loading)
    runner.begin(job.owner, pulse)
    return { ok: 'run' in job ? await runner.run(job.run) : await runner.assemble(job.assemble) }
  } catch (error) {
    return { fault: faultToJson(error) }
  }
}
