/**
 * The stages of a plan as text, for a terminal: what starts each, what is fused in it, where its rows
 * go, and what the optimizer did to it: columns left out, rows that a source need not read, how joins
 * bring their sides together. `sizes` adds how many tasks and partitions there will be.
 */
import { isBroadcast } from '../plan/facts.ts'
import { is, type Node, type Plan } from '../plan/node.ts'
import { rowReads } from '../plan/row-reads.ts'
import { flow } from '../plan/text-block.ts'
import { wantedOf } from '../plan/wanted.ts'
import { interpretedSteps } from './interpreted-steps.ts'
import type { Exchange, Stage, Stages, Terminal } from './stages.ts'

export interface Sizes {
  /** By stage id, for those that read a source. */
  readonly splits: ReadonlyMap<number, { readonly length: number }>
  /** By exchange id. */
  readonly partitions: ReadonlyMap<number, number>
  /** By exchange id, where other columns than all its keys choose the partition. */
  readonly splitKeys: ReadonlyMap<number, readonly string[]>
}

/** `reads` and what it reads: a label, and text beside it, which may be broken at spaces or between the parts given. */
type Line = readonly [label: string, text: string | readonly string[]]

const LABEL = 12

export function explainStages(stages: Stages, sizes: Sizes | null = null): string {
  const wanted = wantedOf(stages.plan)
  const blocks = stages.stages.map(stage => {
    const lines: Line[] = [
      ...headLines(stage, stages.plan, sizes),
      ...unreadLines(stage, wanted.get(stage.head) ?? new Set()),
      ...stage.shared.map((e): Line => ['holds', `${e.name} (${e.purpose})`]),
      ...stepLines(stage),
      ...stage.terminals.map(t => terminalLine(t, sizes)),
    ]
    const tasks = sizes === null ? '' : `  ${tasksOf(stage, sizes)}`
    const head = `stage ${stage.id}  ${stage.head.name}${tasks}`
    return [
      head,
      ...lines.map(([label, text]) =>
        flow(`  ${label.padEnd(LABEL)}`, typeof text === 'string' ? text.split(' ') : text),
      ),
    ]
  })
  const interpreted = interpretedSteps(stages.stages)
  const last = `interpreted  ${interpreted.map(n => n.name).join(', ') || 'no step: all are compiled'}`
  return [...blocks.flat(), last].join('\n')
}

/** All that a task of the stage does, in one line: `read csv in.csv → filter → aggregate by day`. */
export function stepsOf({ head, nodes, terminals }: Stage): string {
  const combined = terminals.filter(t => t.type === 'aggregate').map(t => t.node)
  return [head, ...shownSteps(nodes), ...combined].map(n => n.name).join(' → ')
}

const isPruning = (node: Node): boolean => is(node, 'project') && node.pruned !== undefined
/** Without what is no work of its own: outputs by tag, projections of the optimizer. */
const shownSteps = (nodes: readonly Node[]): readonly Node[] =>
  nodes.filter(n => n.type !== 'output' && !isPruning(n))

function headLines({ head, inputs }: Stage, plan: Plan, sizes: Sizes | null): Line[] {
  const lines = inputs.map((e): Line => ['reads', `${e.name}${keysOf(e, sizes)}`])
  if (is(head, 'join')) lines.push(['join', `by hash: ${head.why ?? 'not optimized'}`])
  if (is(head, 'read') && head.op.skips) {
    const steps = head.op.skips.map(s => plan.nodes[s.step]?.name)
    lines.push(['skips', `where statistics show it, rows that fail ${steps.join(', ')}`])
  }
  return lines
}

const keysOf = ({ id, keys, to }: Exchange, sizes: Sizes | null): string => {
  // An aggregation's keys have names of their own on their way.
  const names = is(to, 'aggregate') ? to.op.keys : (sizes?.splitKeys.get(id) ?? keys)
  return names.length > 0 ? `, by hash of ${names.join(', ')}` : ''
}

/** Columns of a source that nothing reads are not decoded. */
function unreadLines({ head }: Stage, wanted: ReadonlySet<string>): Line[] {
  if (!is(head, 'read')) return []
  const unread = head.schema.list.filter(f => !wanted.has(f.name)).map(f => f.name)
  return unread.length > 0 ? [['not read', unread.join(' ')]] : []
}

function stepLines({ nodes }: Stage): Line[] {
  const steps = shownSteps(nodes)
  if (steps.length === 0) return []
  const lines: Line[] = [
    ['fused', steps.map((n, i) => (i < steps.length - 1 ? `${n.name} →` : n.name))],
  ]
  for (const node of steps) {
    if (isBroadcast(node))
      lines.push(['join', `${node.name}: broadcast, ${node.why ?? 'as hinted'}`])
    if (usesWholeRows(node)) lines.push(['whole rows', node.name])
  }
  return lines
}

/** A function that may do more with its row than read columns is given all of it, as an object. */
function usesWholeRows(node: Node): boolean {
  const names = new Set(node.inputs[0]?.schema.list.map(f => f.name))
  if (is(node, 'derive')) return node.op.columns.some(c => rowReads(c.fn, names) === null)
  if (is(node, 'filter') || is(node, 'map')) return rowReads(node.op.fn, names) === null
  return ['flatMap', 'mapAsync', 'parDo', 'partition'].includes(node.type)
}

function terminalLine({ type, node, from, exchanges }: Terminal, sizes: Sizes | null): Line {
  if (type === 'write') return ['writes', node.name]
  const counts = [...new Set(exchanges.map(e => sizes?.partitions.get(e.id) ?? 0))]
  const parts = sizes === null ? '' : `, ${plural(Math.max(...counts), 'partition')}`
  if (type === 'aggregate') return ['combines', `before ${node.name}${parts}`]
  const out = isPruning(from) ? `, without ${from.pruned?.join(' ')}` : ''
  // Equal rows of a task are sent once, where that saves something.
  const how = is(node, 'distinct') && exchanges[0]?.purpose === 'head' ? 'dedupes' : 'to'
  return [how, `${how === 'to' ? '' : 'before '}${node.name}${parts}${out}`]
}

function tasksOf({ id, head, inputs }: Stage, { splits, partitions }: Sizes): string {
  if (is(head, 'readWritten')) return '(tasks: known once the table is staged)'
  const [first] = inputs
  const count = is(head, 'read')
    ? (splits.get(id)?.length ?? 0)
    : first
      ? partitions.get(first.id)
      : 1
  return `(${plural(count ?? 1, 'task')})`
}

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
