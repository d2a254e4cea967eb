/**
 * How keeping a run begins: with a log of its own, or with that of a dead run that is taken up. A run
 * is taken up by its run id and start time, which the pipeline may have built its names from, so it is
 * looked for before the pipeline is built.
 */
import { Fault } from '../../fault.ts'
import type { Stages } from '../../compile/stages.ts'
import type { Arena } from '../exchange/arena.ts'
import type { Inputs } from '../inputs.ts'
import type { RunSettings } from '../protocol.ts'
import { Checkpoint, type Found } from './checkpoint.ts'
import { type DeadRun, unfinishedRuns } from './dead-runs.ts'
import { finishedTasks } from './finished.ts'
import {
  anotherRun,
  type Asked,
  type ByteSettings,
  differences,
  type Identity,
  identityOf,
} from './identity.ts'
import { isAlive, own } from './owner.ts'
import type { Recorded } from './records.ts'

/** Kept from so many seconds on: less is done again sooner than it is written down. */
const AFTER_SECONDS = 5
/** Of the time from then on, for copying blocks. Who wants all kept from the start wants it at any cost. */
const COPYING_SHARE = 1 / 8

export interface CheckpointWish extends ByteSettings {
  readonly resume?: boolean | undefined
  readonly checkpointAfterSeconds?: number | undefined
  readonly limit?: number | null | undefined
}

/** What an unfinished run of the pipeline with these parameters was called, and when it began. */
export function askedBefore(
  base: string,
  asked: Asked,
): { readonly runId: string; readonly startedAt: number } | null {
  const same = unfinishedRuns(base).find(
    ({ recorded }) => recorded && differingParams(recorded.identity, asked) === 0,
  )
  return same?.recorded?.identity ?? null
}

function differingParams(dead: Asked, now: Asked): number {
  const names = new Set([...Object.keys(dead.params), ...Object.keys(now.params)])
  const params = [...names].filter(name => dead.params[name] !== now.params[name])
  return params.length + (dead.pipeline === now.pipeline ? 0 : 1)
}

interface Beginning {
  readonly base: string
  readonly asked: Asked
  readonly settings: RunSettings
  readonly stages: Stages
  readonly inputs: Inputs
  readonly arena: Arena
  readonly startedMs: number
  readonly wish: CheckpointWish
  warn(text: string): void
}

/**
 * Throws pipeline: what the dead run was asked for, or read, is not what this one is; resource: that
 * run is still at work.
 */
export function beginCheckpoint(run: Beginning): Checkpoint {
  const { base, asked, settings, stages, inputs, wish, arena, startedMs } = run
  const identity = identityOf(asked, settings, { stages, inputs, options: wish })
  const found = wish.resume ? takenUp(base, identity, { settings, stages }) : null
  if (wish.resume && found === null)
    run.warn(
      'nothing to resume: no unfinished run of these outputs was kept; it runs from the start',
    )
  const { checkpointAfterSeconds = AFTER_SECONDS, limit = null } = wish
  return new Checkpoint({
    identity,
    scratch: settings.scratch,
    arena,
    afterMs: limit === null ? checkpointAfterSeconds * 1000 : Number.POSITIVE_INFINITY,
    startedMs,
    share: checkpointAfterSeconds === 0 ? 1 : COPYING_SHARE,
    found,
    warn: run.warn,
  })
}

function takenUp(
  base: string,
  now: Identity,
  { settings, stages }: { settings: RunSettings; stages: Stages },
): Found | null {
  const begun = unfinishedRuns(base).filter(isBegun)
  const same = begun.find(run => run.folder === settings.scratch)
  const targets = new Set(now.targets)
  const dead =
    same ?? begun.find(({ recorded }) => recorded.identity.targets.some(t => targets.has(t)))
  if (dead === undefined) return null
  const { recorded, owner, number, logBytes, folder } = dead
  if (isAlive(owner))
    throw new Fault(
      'resource',
      `run ${recorded.identity.runId} is at work in process ${owner.process}`,
      {
        detail: [`kept  ${folder}`],
        hint: 'wait until it has ended',
      },
    )
  const lines = differences(recorded.identity, now)
  if (lines.length > 0) throw anotherRun(recorded.identity, lines, folder)
  if (!own(folder, number))
    throw new Fault('resource', `run ${now.runId} has just been taken up by another process`, {
      detail: [`kept  ${folder}`],
      hint: 'wait until that one has ended',
    })
  return { recorded, logBytes, finished: finishedTasks(stages, recorded) }
}

const isBegun = (run: DeadRun): run is DeadRun & { recorded: Recorded } => run.recorded !== null
