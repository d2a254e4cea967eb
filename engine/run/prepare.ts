/** From what a run is told to its plan and the settings that every thread shares. */
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { cutStages, type Stages } from '../compile/stages.ts'
import { Fault } from '../fault.ts'
import { sourceSizes } from '../optimize/source-sizes.ts'
import type { Definition } from '../plan/definition.ts'
import { type Interval, intervalFrom, lastComplete } from '../plan/interval.ts'
import { is, type Plan } from '../plan/node.ts'
import { askedBefore } from './checkpoint/begin.ts'
import { type Asked, askedOf } from './checkpoint/identity.ts'
import { makeScratch } from './checkpoint/scratch-folder.ts'
import { builtPlan, loadPipeline, optimizedPlan } from './load.ts'
import { limitsOf, type RunOptions } from './options.ts'
import type { RunSettings } from './protocol.ts'
import { randomName } from './random-name.ts'

export interface Prepared {
  readonly settings: RunSettings
  readonly plan: Plan
  readonly stages: Stages
  readonly asked: Asked
  readonly definition: Definition
  /** Where scratch folders lie. */
  readonly base: string
  /** The scratch folder is an unfinished run's. */
  readonly resuming: boolean
}

/** A run's own folder for spill files and fragments, which it removes when it ends. */
export const scratchOf = (runId: string, base: string = tmpdir()): string =>
  join(base, `millrace-${runId}`)

/** The plan and the settings that every thread shares. Throws pipeline: the pipeline cannot be built. */
export async function prepare(options: RunOptions): Promise<Prepared> {
  const inline = typeof options.pipeline !== 'string'
  const loaded = inline
    ? { definition: options.pipeline as Definition, hash: '' }
    : await loadPipeline(options.pipeline as string, options.export ?? null)
  const params = options.params ?? {}
  const base = resolve(options.scratch ?? tmpdir())
  const name = options.export ?? loaded.definition.definition
  const given = options.interval === undefined ? {} : { interval: options.interval }
  const module = inline ? null : (options.pipeline as string)
  const asked = askedOf({ module, name }, { ...params, ...given })
  const before = options.resume ? askedBefore(base, asked) : null
  const startedAt = before?.startedAt ?? Date.now()
  const interval = intervalOf(loaded.definition, options.interval, startedAt)
  const build = {
    params,
    runId: before?.runId ?? randomName(),
    startedAt,
    ...(interval && { interval }),
  }
  const built = builtPlan(loaded.definition, loaded.hash, build)
  const optimize = options.optimize ?? true
  const choices = { optimize, sizes: optimize ? sourceSizes(built) : [] }
  const plan = optimizedPlan(built, choices)
  if (!plan.nodes.some(n => is(n, 'write')))
    throw new Fault('pipeline', `pipeline "${plan.name}" writes nothing`, {
      detail: [`it has ${plan.nodes.length} steps, and none is a write`],
      hint: "end with such as .write(parquet('out'))",
    })
  const { workers, memoryBytes } = limitsOf(options)
  const scratch = scratchOf(build.runId, base)
  if (before === null) makeScratch(scratch)
  const settings: RunSettings = {
    ...build,
    ...choices,
    module,
    pipeline: options.export ?? null,
    fingerprint: plan.fingerprint,
    built: plan.built,
    workers,
    memoryBytes,
    rowsPerBatch: options.rowsPerBatch ?? 16_384,
    scratch,
    operatorBytes: options.operatorBytes ?? Math.floor(memoryBytes / 4 / workers),
    overwrite: options.overwrite === true || options.again === true,
    spillBytesMax: options.spillBytesMax ?? null,
  }
  const { definition } = loaded
  const stages = cutStages(plan)
  return { settings, plan, stages, asked, definition, base, resuming: before !== null }
}

/** Null: the pipeline has none. Throws pipeline: it has none and one is given, or none begins then. */
export function intervalOf(
  { definition, every }: Definition,
  start: number | undefined,
  now: number,
): Interval | null {
  if (every !== null)
    return start === undefined ? lastComplete(every, now) : intervalFrom(every, start, now)
  if (start === undefined) return null
  throw new Fault('pipeline', `pipeline "${definition}" has no intervals`, {
    hint: "declare them, such as every: 'hour', or leave out --interval",
  })
}
