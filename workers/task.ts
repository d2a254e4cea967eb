/**
 * The entry of a worker thread: imports the pipeline's module while the coordinator plans, builds the
 * same plan while that one looks at the inputs, and runs tasks of it. Faults cross back as data.
 */
import { threadId, workerData } from 'node:worker_threads'
import { faultToJson } from '../engine/fault.ts'
import type { WorkerData, WorkerJob } from '../engine/run/executor.ts'
import { loadPipeline, runnerOf } from '../engine/run/load.ts'
import type { WorkerBegin, WorkerMessage } from '../engine/run/pool-thread.ts'
import type { Answer } from '../engine/run/protocol.ts'
import { Pulse } from '../engine/run/pulse.ts'
import type { TaskRunner } from '../engine/run/task-runner.ts'

/** The coordinator has imported the module already: longer than this it should not take. */
const IMPORT_MS = 5000

const { start, port } = workerData as WorkerBegin
const loading = loadPipeline(start.module, start.pipeline)
// It is told with the first job, as is what goes wrong in making the plan.
loading.catch(() => {})
let making: Promise<TaskRunner> | null = null

async function begin(data: WorkerData): Promise<TaskRunner> {
  return runnerOf(data, await loading)
}

async function work(job: WorkerJob): Promise<Answer<unknown>> {
  const pulse = new Pulse(job.pulse)
  // The job's time is not that of importing the module, unless that never ends.
  const late = setTimeout(() => pulse.begin(threadId), IMPORT_MS)
  try {
    const runner = await (making as Promise<TaskRunner>)
    pulse.begin(threadId)
    runner.begin(job.owner, pulse)
    return { ok: 'run' in job ? await runner.run(job.run) : await runner.assemble(job.assemble) }
  } catch (error) {
    return { fault: faultToJson(error) }
  } finally {
    clearTimeout(late)
  }
}

port.on('message', async (message: WorkerMessage) => {
  if ('data' in message) {
    making = begin(message.data)
    making.catch(() => {})
  } else port.postMessage(await work(message))
})
port.postMessage(null)
