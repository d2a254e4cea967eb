/**
 * The entry of a worker thread: imports the pipeline's module while the coordinator plans, builds the
 * same plan with its first job, and runs tasks of it. Faults cross back as data.
 */
import { threadId, workerData } from 'node:worker_threads'
import { faultToJson } from '../engine/fault.ts'
import type { WorkerJob } from '../engine/run/executor.ts'
import { loadPipeline, runnerOf } from '../engine/run/load.ts'
import type { WorkerBegin } from '../engine/run/pool-thread.ts'
import type { Answer } from '../engine/run/protocol.ts'
import { Pulse } from '../engine/run/pulse.ts'
import type { TaskRunner } from '../engine/run/task-runner.ts'

const { start, port } = workerData as WorkerBegin
const loading = loadPipeline(start.module, start.pipeline)
// It is told with the first job.
loading.catch(() => {})
let runner: TaskRunner | null = null

async function work(job: WorkerJob): Promise<Answer<unknown>> {
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

port.on('message', async (job: WorkerJob) => port.postMessage(await work(job)))
port.postMessage(null)
