/**
 * A pipeline's module into a plan, in whichever thread. The coordinator's fingerprint is the measure:
 * a worker whose build gives another plan stops with the name of the first node that differs.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { Fault } from '../fault.ts'
import { buildPlan } from '../plan/build.ts'
import { type Definition, pipelineOf } from '../plan/definition.ts'
import type { Plan } from '../plan/node.ts'
import { optimize } from '../optimize/optimize.ts'
import { cutStages } from '../compile/stages.ts'
import { Arena } from './exchange/arena.ts'
import type { WorkerData } from './executor.ts'
import { Progress } from './progress.ts'
import type { RunSettings } from './protocol.ts'
import { TaskRunner } from './task-runner.ts'

/** Imports a module and finds its pipeline. Throws pipeline: no such file, no pipeline in it. */
export async function loadPipeline(
  path: string,
  name: string | null,
): Promise<{ definition: Definition; hash: string }> {
  let text: Buffer
  try {
    text = await readFile(path)
  } catch {
    throw new Fault('pipeline', `module ${path} cannot be read`, {
      hint: 'give the path of the file that exports the pipeline',
    })
  }
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>
  const definition = pipelineOf(module, name ?? undefined)
  return { definition, hash: createHash('sha256').update(text).digest('hex') }
}

type Build = Pick<RunSettings, 'params' | 'runId' | 'startedAt'>

/** The optimized plan. The same settings give the same plan in each thread. */
export function planOf(definition: Definition, hash: string, build: Build): Plan {
  const { params, runId: id, startedAt } = build
  return optimize(buildPlan(definition, params, { id, startedAt }, hash))
}

/** What a worker runs tasks with. */
export async function runnerOf(data: WorkerData): Promise<TaskRunner> {
  const { settings } = data
  const { definition, hash } = await loadPipeline(settings.module as string, settings.pipeline)
  const plan = planOf(definition, hash, settings)
  if (plan.fingerprint !== settings.fingerprint)
    throw new Fault('pipeline', `pipeline "${plan.name}" builds another plan in the worker`, {
      hint: 'build must depend on its parameters and run.startedAt alone: no clock, no random numbers, no global state',
    })
  const arena = Arena.attach(data.arena)
  return new TaskRunner(settings, cutStages(plan), { arena, progress: new Progress(data.progress) })
}
