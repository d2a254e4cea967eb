/**
 * What decides the bytes of a run's outputs: the pipeline as it was built, its parameters, the
 * settings that enter files, the engine, and what the sources hold. A dead run is resumed by one that
 * is the same in all of it; else what differs is said, so that a person can choose.
 */
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { Fault } from '../../fault.ts'
import type { Stages } from '../../compile/stages.ts'
import { sha256 } from '../../data/sha256.ts'
import { firstDifference, hashOf } from '../../plan/fingerprint.ts'
import { type BuiltNode, is, type Node, type Plan } from '../../plan/node.ts'
import type { FileSink } from '../../io/sink.ts'
import type { Inputs } from '../inputs.ts'
import type { RunSettings } from '../protocol.ts'
import { bootOf } from './owner.ts'

/** Which pipeline with which parameters: what is known before it is built. */
export interface Asked {
  /** The module's path and export, or the name of a pipeline that has none. */
  readonly pipeline: string
  /** Hashes: a parameter may be a password. */
  readonly params: Readonly<Record<string, string>>
}

export interface Identity extends Asked {
  readonly runId: string
  readonly startedAt: number
  /** What the run writes: folders and tables. */
  readonly targets: readonly string[]
  readonly fingerprint: string
  readonly built: readonly BuiltNode[]
  /** Values as text, by name. */
  readonly settings: Readonly<Record<string, string>>
  readonly inputs: Inputs['objects']
  /** Hash of the splits of all sources. */
  readonly splits: string
  /** Hash of how the plan is cut, which the sizes of sources enter. */
  readonly stages: string
  /** The system's run: files that nobody has flushed may be torn once the machine has stopped. */
  readonly boot: string
}

export function askedOf(
  pipeline: { module: string | null; name: string },
  params: Readonly<Record<string, unknown>>,
): Asked {
  const { module, name } = pipeline
  const hashes = Object.entries(params).map(([key, value]) => [key, hashOf([key, value])])
  return {
    pipeline: module === null ? `inline ${name}` : `${resolve(module)} ${name}`,
    params: Object.fromEntries(hashes),
  }
}

/** What a file sink writes to: an absolute path, or the URI of what is no local folder. */
export const targetOf = (sink: FileSink): string => (sink.place ? sink.uri : resolve(sink.uri))

export const targetsOf = (plan: Plan): string[] =>
  (plan.nodes.filter(n => is(n, 'write')) as Node<'write'>[]).map(({ op: { sink } }) =>
    sink.sink === 'files' ? targetOf(sink) : `${sink.uri} ${sink.table}`,
  )

/** What of the options enters the outputs' bytes, beside what is in the plan. */
export interface ByteSettings {
  readonly splitBytes?: number | undefined
  readonly partitions?: number | undefined
}

export function identityOf(
  asked: Asked,
  settings: RunSettings,
  run: { stages: Stages; inputs: Inputs; options: ByteSettings },
): Identity {
  const { inputs, options } = run
  const { splitBytes = 'its own', partitions = 'its own' } = options
  const { version } = createRequire(import.meta.url)('millrace/package.json') as { version: string }
  return {
    ...asked,
    runId: settings.runId,
    startedAt: settings.startedAt,
    targets: targetsOf(run.stages.plan),
    fingerprint: settings.fingerprint,
    built: settings.built,
    settings: {
      'Millrace version': version,
      'Node version': process.versions.node,
      optimize: String(settings.optimize),
      rowsPerBatch: String(settings.rowsPerBatch),
      splitBytes: String(splitBytes),
      partitions: String(partitions),
    },
    inputs: inputs.objects,
    splits: hashOfSplits(inputs.splits),
    stages: hashOf(cutOf(run.stages)),
    boot: bootOf(),
  }
}

/**
 * One after the other: those of a million objects are more than one text may hold. They are plain data,
 * made by the same code: JSON tells them apart in half of the time that `hashOf` takes.
 */
export function hashOfSplits(all: Inputs['splits']): string {
  let hash = ''
  for (const [stage, splits] of all)
    for (const split of splits) hash = sha256(`${hash} ${stage} ${JSON.stringify(split, asPlain)}`)
  return hash
}

function asPlain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  return value instanceof Map || value instanceof Set ? [...value] : value
}

function cutOf({ stages, exchanges }: Stages): unknown {
  const ids = (list: readonly { readonly id: number }[]) => list.map(one => one.id)
  return [
    exchanges.map(e => [e.id, e.name, e.keys, e.to.id, e.purpose]),
    stages.map(s => [
      s.id,
      s.head.id,
      ids(s.nodes),
      ids(s.inputs),
      ids(s.shared),
      s.terminals.map(t => [t.type, t.from.id, t.node.id, ids(t.exchanges)]),
    ]),
  ]
}

/** What differs between the dead run and this one, a line each; empty where it can be resumed. */
export function differences(dead: Identity, now: Identity): string[] {
  const lines = [
    ...(dead.pipeline === now.pipeline ? [] : [`pipeline  it was ${dead.pipeline}`]),
    ...named('parameter', dead.params, now.params),
    ...named('setting', dead.settings, now.settings),
    ...planDifference(dead, now),
    ...inputDifferences(dead.inputs, now.inputs),
  ]
  if (lines.length === 0 && dead.splits !== now.splits)
    lines.push('input  its files are cut in another way')
  if (lines.length === 0 && dead.stages !== now.stages)
    lines.push('plan  it is cut into other stages')
  if (dead.boot !== now.boot)
    lines.push('machine  it was started anew since: what was kept may not be whole')
  return lines
}

type Values = Readonly<Record<string, string>>

function named(what: string, dead: Values, now: Values): string[] {
  const names = [...new Set([...Object.keys(dead), ...Object.keys(now)])].sort()
  const shown = (value: string | undefined) =>
    value === undefined ? 'not given' : what === 'parameter' ? 'another value' : value
  return names
    .filter(name => dead[name] !== now[name])
    .map(name => `${what}  ${name}: ${shown(dead[name])} then, ${shown(now[name])} now`)
    .map(line => line.replace('another value then, another value now', 'another value'))
}

function planDifference(dead: Identity, now: Identity): string[] {
  if (dead.fingerprint === now.fingerprint) return []
  const prints = (nodes: readonly BuiltNode[]) => nodes.map(n => n.fingerprint)
  const index = firstDifference(prints(dead.built), prints(now.built))
  if (index < 0) return ['module  its text was changed']
  const node = now.built[index] ?? dead.built[index]
  return [`step  ${node?.name} (${node?.at}): another function, option or schema`]
}

function inputDifferences(dead: Inputs['objects'], now: Inputs['objects']): string[] {
  const before = new Map(dead.map(o => [o.uri, o]))
  const after = new Set(now.map(o => o.uri))
  return [
    ...dead.filter(o => !after.has(o.uri)).map(o => `input  ${o.uri} is gone`),
    ...now.flatMap(o => {
      const known = before.get(o.uri)
      if (known === undefined) return [`input  ${o.uri} is new`]
      if (known.bytes !== o.bytes)
        return [`input  ${o.uri} had ${known.bytes} bytes, and has ${o.bytes}`]
      return known.version === o.version ? [] : [`input  ${o.uri} was changed`]
    }),
  ]
}

const SHOWN = 5

/** Why a dead run cannot be taken up. */
export function anotherRun(dead: Identity, lines: readonly string[], folder: string): Fault {
  const more = lines.length > SHOWN ? [`and ${lines.length - SHOWN} more`] : []
  return new Fault('pipeline', `run ${dead.runId} cannot be resumed: it was another one`, {
    detail: [...lines.slice(0, SHOWN), ...more, `kept  ${folder}`],
    hint: 'run without --resume: it starts afresh and removes what was kept; or undo the change and resume',
  })
}
