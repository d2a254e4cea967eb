/** `reify`: what the engine knows of a row beside its columns becomes columns. */
import type { Int64, Kind, Utf8 } from '../engine/data/kind.ts'
import { schemaOf, t } from '../engine/data/schema.ts'
import type { Known as KnownName, Node, OperationType } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { add, namesOf, type Step } from './step.ts'

export interface Known {
  /** The file or object that the row was read from. */
  sourceUri: Utf8
  /** Bytes into it (decompressed), or the row's number where the format has no offsets. */
  sourceOffset: Int64
  runId: Utf8
}
const KINDS: Record<KnownName, Kind> = { sourceUri: t.utf8, sourceOffset: t.int64, runId: t.utf8 }

/** After these a row still is one row of its source. */
const KEEPS_ORIGIN: ReadonlySet<OperationType> = new Set<OperationType>([
  'read',
  'filter',
  'where',
  'dropNulls',
  'fillNulls',
  'derive',
  'project',
  'reify',
  'map',
  'partition',
  'output',
  'flatten',
])

/**
 * Adds columns for what is known of a row: its source, its place there, the run.
 *
 * Shape   PCollection<F> → PCollection<F + columns>; all rows
 * Cost    one value a row and column; sourceUri is one dictionary entry a batch
 * Throws  pipeline: no such fact; a source is asked for after a step that mixes rows (join, groupBy, …)
 * Source  Beam's Reify transform
 * @example
 * p.read(csv('in/*.csv', Event)).reify({ file: 'sourceUri', at: 'sourceOffset' })
 */
export function reify(step: Step, columns: Readonly<Record<string, string>>): Node {
  const have = Object.keys(KINDS)
  const facts = Object.entries(columns ?? {}).map(([name, fact]) => {
    if (!Object.hasOwn(KINDS, fact))
      refuse(`fact ${quote(fact)} does not exist`, { at: step.at, have, near: String(fact) })
    return { name, known: fact as KnownName }
  })
  if (facts.length === 0) refuse('no column is named', { at: step.at, have })
  const taken = facts.find(f => namesOf(step.node.schema).includes(f.name))
  if (taken) refuse(`column ${quote(taken.name)} exists already`, { at: step.at })
  if (facts.some(f => f.known !== 'runId')) checkOrigin(step, step.node)
  const added = facts.map(f => ({ name: f.name, kind: KINDS[f.known] }))
  const name = `reify ${facts.map(f => f.name).join(' ')}`
  return add(step, 'reify', {
    op: { columns: facts },
    name,
    schema: schemaOf([...step.node.schema.list, ...added]),
  })
}

function checkOrigin(step: Step, from: Node): void {
  const lost = from.type === 'output' && from.inputs[0]?.type === 'parDo'
  if (lost || !KEEPS_ORIGIN.has(from.type))
    refuse(`rows have no source after ${quote(from.name)}`, {
      at: step.at,
      detail: [`it is  ${from.at}`],
      hint: 'reify right after p.read',
    })
  for (const input of from.inputs) checkOrigin(step, input)
}
