/**
 * A pipeline's module into a plan, in whichever thread. The coordinator's fingerprint is the measure:
 * a worker whose build gives another plan stops with the name of the first node that differs.
 */
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { sha256 } from '../data/sha256.ts'
import { Fault } from '../fault.ts'
import { buildPlan } from '../plan/build.ts'
import { type Definition, pipelineOf } from '../plan/definition.ts'
import { firstDifference } from '../plan/fingerprint.ts'
import type { BuiltNode, Plan } from '../plan/node.ts'
import { sized } from '../optimize/source-sizes.ts'
import { optimize } from '../optimize/optimize.ts'
import { cutStages } from '../compile/stages.ts'
import { Arena } from './exchange/arena.ts'
import { SpillSpace } from './exchange/spill-space.ts'
import type { WorkerData } from './executor.ts'
import { Progress } from './progress.ts'
import type { RunSettings } from './protocol.ts'
import { TaskRunner } from './task-runner.ts'

export interface Loaded {
  readonly definition: Definition
  /** Of the module's bytes. */
  readonly hash: string
}

/** Imports a module and finds its pipeline. Throws pipeline: no such file, no pipeline in it. */
export async function loadPipeline(path: string, name: string | null): Promise<Loaded> {
  let text: Buffer
  try {
    text = await readFile(path)
  } catch {
    throw new Fault('pipeline', `module ${path} cannot be read`, {
      hint: 'give the path of the file that exports the pipeline',
    })
  }
  const module = await imported(path)
  const definition = pipelineOf(module, name ?? undefined)
  return { definition, hash: sha256(text) }
}

const SOURCE = /\.(?:[cm]?[jt]s|json)$/

async function imported(path: string): Promise<Record<string, unknown>> {
  if (!SOURCE.test(path))
    throw new Fault('pipeline', `module ${path} is no JavaScript or TypeScript`, {
      hint: 'give the path of the file that exports the pipeline, such as pipeline.ts',
    })
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>
  } catch (error) {
    // A verb or schema() at the top of the module has its own message.
    if (error instanceof Fault) throw error
    throw unimportable(path, error)
  }
}

/** The first lines of a syntax error's stack show the place; of another error, the frames in user code. */
function unimportable(path: string, error: unknown): Fault {
  const { message = String(error), stack = '', name = '' } = (error ?? {}) as Error
  const [before = '', after = ''] = stack.split(`\n${name}`)
  const place = after === '' ? [] : before.split('\n').filter(line => line.trim() !== '')
  const frames = stack
    .split('\n')
    .filter(l => /^\s+at .*(?:file:|\/)/.test(l) && !l.includes('node:'))
  const code = (error as NodeJS.ErrnoException | null)?.code
  const missing = code === 'ERR_MODULE_NOT_FOUND' && /package '([^']+)'/.exec(message)
  return new Fault('pipeline', `module ${path} cannot be imported: ${message.split('\n')[0]}`, {
    detail: [...place.slice(0, 3), ...frames.slice(0, 3).map(l => l.trim())],
    ...(missing ? { hint: `npm install ${missing[1]}` } : {}),
    cause: error,
  })
}

type Build = Pick<RunSettings, 'params' | 'runId' | 'startedAt' | 'interval'>
type Choices = Pick<RunSettings, 'optimize' | 'sizes'>

/** The plan as the pipeline was written. */
export function builtPlan(definition: Definition, hash: string, build: Build): Plan {
  const { params, runId: id, startedAt, interval } = build
  return buildPlan(definition, params, { id, startedAt, ...(interval && { interval }) }, hash)
}

/** The optimized plan. The same settings give the same plan in each thread. */
export const optimizedPlan = (built: Plan, { optimize: cheaper, sizes }: Choices): Plan =>
  optimize(sized(built, sizes), cheaper)

/** What a worker runs tasks with. Throws pipeline: its build gives another plan. */
export function runnerOf(data: WorkerData, { definition, hash }: Loaded): TaskRunner {
  const { settings } = data
  const plan = optimizedPlan(builtPlan(definition, hash, settings), settings)
  if (plan.fingerprint !== settings.fingerprint) throw anotherPlan(plan, settings.built)
  const arena = Arena.attach(data.arena)
  return new TaskRunner(settings, cutStages(plan), {
    arena,
    progress: new Progress(data.progress),
    spillSpace: new SpillSpace(settings.spillBytesMax, data.spillSpace),
  })
}

/** The worker's plan is not the coordinator's: names the first node that differs. */
function anotherPlan(plan: Plan, built: readonly BuiltNode[]): Fault {
  const prints = (nodes: readonly BuiltNode[]) => nodes.map(n => n.fingerprint)
  const index = firstDifference(prints(built), prints(plan.built))
  const message = `pipeline "${plan.name}" builds another plan in the worker`
  if (index < 0)
    return new Fault('pipeline', `${message}: its module was changed while it ran`, {
      hint: 'run it again',
    })
  const [there, here] = [built[index], plan.built[index]]
  const told = (node: BuiltNode | undefined) =>
    node === undefined ? 'no such step' : `${node.name}  ${node.at}`
  const same = there !== undefined && here !== undefined && there.name === here.name
  return new Fault('pipeline', `${message}: step ${index} is not the same`, {
    at: (there ?? here)?.at ?? '',
    detail: same
      ? [`step  ${there.name}: another function, option or schema`]
      : [`first ${told(there)}`, `worker ${told(here)}`],
    hint: 'build must depend on its parameters and run.startedAt alone: no clock, no random numbers, no global state',
  })
}
