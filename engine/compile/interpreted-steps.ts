/**
 * Steps that no generated code or operator of the engine runs. There should be none: the interpreter
 * is for tests. A step of a fused kernel counts as compiled where its code can be emitted for the
 * columns that it is given.
 */
import { isBoundary, isBroadcast, isSourceNode } from '../plan/facts.ts'
import type { Node, OperationType } from '../plan/node.ts'
import { envOf } from './env.ts'
import { emitKernel } from './kernel-source.ts'
import { isStep, type Stage } from './stages.ts'

/** Operations with operators of their own, over generated row readers and builders. */
const OPERATORS: ReadonlySet<OperationType> = new Set<OperationType>([
  'flatMap',
  'unnest',
  'mapAsync',
  'parDo',
  'partition',
  'output',
  'flatten',
])

export function interpretedSteps(stages: readonly Stage[]): Node[] {
  const nodes = new Set(stages.flatMap(s => [s.head, ...s.nodes]))
  return [...nodes].filter(node => !compiles(node))
}

function compiles(node: Node): boolean {
  if (isSourceNode(node) || isBoundary(node) || isBroadcast(node)) return true
  if (OPERATORS.has(node.type)) return true
  return isStep(node) && emits(node)
}

function emits(node: Node): boolean {
  const [input] = node.inputs
  if (input === undefined) return false
  try {
    const env = envOf(input.schema)
    return emitKernel([node], env, new Set(env.map(b => b.slot))).body !== ''
  } catch {
    return false
  }
}
