/**
 * The entry of a worker thread: imports the pipeline's module, builds the same plan as the
 * coordinator, and runs tasks of it. Faults cross back as data.
 */
import { threadId, workerData as ours } from 'node:worker_threads'
import { faultToJson } from '../engine/fault.ts'
import type { WorkerData, WorkerJob } from '../engine/run/executor.ts'
import type { Answer } from '../engine/run/protocol.ts'
import { Pulse } from '../engine/run/pulse.ts'
import { runnerOf } from '../engine/run/load.ts'
import type { TaskRunner } from '../engine/run/task-runner.ts'

// Piscina wraps what it was given: [its own, ours].
const data = (Array.isArray(ours) ? ours[1] : ours) as WorkerData
let runner: Promise<TaskRunner> | null = null

export default async function work(job: WorkerJob): Promise<Answer<unknown>> {
  const pulse = new Pulse(job.pulse)
  pulse.begin(threadId)
  try {
    runner ??= runnerOf(data)
    const ready = await runner
    ready.begin(job.owner, pulse)
    return { ok: 'run' in job ? await ready.run(job.run) : await ready.assemble(job.assemble) }
  } catch (error) {
    return { fault: faultToJson(error) }
  }
}
