/**
 * A stage as a worker runs it: the operators of its nodes, wired from the head to the terminals, and
 * kept from task to task so that compiled code and dictionaries stay warm. Each node hands its
 * batches to its consumers in the order in which the plan names them.
 */
import { Kernel, type StageScope } from '../compile/kernel.ts'
import { isStep, type Stage, type Terminal } from '../compile/stages.ts'
import { isBoundary, isBroadcast } from '../plan/facts.ts'
import { type Batch, project } from '../data/batch.ts'
import { indexOf } from '../data/schema.ts'
import { is, type Node } from '../plan/node.ts'
import type { Awaitable, Emit, Operator } from './operator.ts'
import { asyncMapOperator } from './rows/map-async.ts'
import { flatMapOperator } from './rows/flat-map.ts'
import { parDoOperator } from './rows/par-do.ts'
import { unnestOperator } from './rows/unnest.ts'
import { partitionOperator } from './rows/partition.ts'

/** Makes the operators that depend on the task: where rows leave the stage, and shared inputs. */
export interface Ends {
  terminal(terminal: Terminal): Operator
  broadcast(node: Node<'join'>, emit: Emit): Operator
}

export class Program {
  readonly #stage: Stage
  readonly #scope: StageScope
  readonly #ends: Ends
  readonly #operators: Operator[] = []
  readonly #emits = new Map<Node, Emit>()
  /** Takes the head's batches. */
  readonly entry: Emit

  constructor(stage: Stage, scope: StageScope, ends: Ends) {
    this.#stage = stage
    this.#scope = scope
    this.#ends = ends
    this.entry = this.#emitOf(stage.head)
  }

  /** Tells each operator, upstream first, that the task's rows have ended. */
  async finish(): Promise<void> {
    for (const operator of this.#operators.toReversed()) await operator.finish()
  }

  /** Gives back what operators set up, once the stage has no more tasks. */
  async close(): Promise<void> {
    for (const operator of this.#operators) await operator.close?.()
  }

  /** What takes the batches that a node yields. */
  #emitOf(node: Node): Emit {
    const known = this.#emits.get(node)
    if (known) return known
    const takers: Emit[] = []
    for (const next of this.#consumers(node)) takers.push(next)
    for (const terminal of this.#stage.terminals)
      if (terminal.from === node) takers.push(this.#take(this.#ends.terminal(terminal)))
    const emit = fanOut(takers)
    this.#emits.set(node, emit)
    return emit
  }

  #consumers(node: Node): Emit[] {
    return this.#stage.nodes
      .filter(n =>
        n.inputs.some((from, input) => from === node && !(isBroadcast(n) && input === 1)),
      )
      .filter(n => !isBoundary(n) && n.type !== 'rejects')
      .flatMap(n => {
        const times = n.inputs.filter(
          (from, i) => from === node && !(isBroadcast(n) && i === 1),
        ).length
        const taker = is(n, 'flatten') ? this.#flatten(n, node) : this.#operatorOf(n)
        return Array.from({ length: times }, () => taker)
      })
  }

  #operatorOf(node: Node): Emit {
    const chain = [node]
    while (isStep(chain.at(-1) as Node)) {
      const next = this.#onlyStepAfter(chain.at(-1) as Node)
      if (!next) break
      chain.push(next)
    }
    if (is(node, 'output')) return this.#emitOf(node)
    const last = chain.at(-1) as Node
    const scope = this.#scope
    const input = (node.inputs[0] as Node).schema
    if (isStep(node)) return this.#take(new Kernel(chain, input, this.#emitOf(last), scope))
    if (is(node, 'flatMap')) return this.#take(flatMapOperator(node, this.#emitOf(node), scope))
    if (is(node, 'unnest')) return this.#take(unnestOperator(node, this.#emitOf(node), scope))
    if (is(node, 'mapAsync')) return this.#take(asyncMapOperator(node, this.#emitOf(node), scope))
    if (is(node, 'join')) return this.#take(this.#ends.broadcast(node, this.#emitOf(node)))
    const outputs = this.#stage.nodes.filter(n => is(n, 'output') && n.inputs[0] === node)
    const emits = new Map(outputs.map(n => [(n as Node<'output'>).op.tag, this.#emitOf(n)]))
    if (is(node, 'parDo')) return this.#take(parDoOperator(node, emits, scope))
    if (is(node, 'partition')) return this.#take(partitionOperator(node, emits, scope))
    throw new Error(`no operator for ${node.type}`)
  }

  /** Columns meet by name: the inputs of a flatten may have them in another order. */
  #flatten(node: Node, from: Node): Emit {
    const emit = this.#emitOf(node)
    const at = node.schema.list.map(f => indexOf(from.schema, f.name))
    return batch => {
      const { account } = this.#scope.task
      account.add(node.id, 'in', batch.selected)
      account.add(node.id, 'out', batch.selected)
      return emit(project(batch, node.schema, at))
    }
  }

  /** The step that can be fused to this one: its only way on. */
  #onlyStepAfter(node: Node): Node | null {
    if (this.#stage.terminals.some(t => t.from === node)) return null
    const next = this.#stage.nodes.filter(n => n.inputs.includes(node) && n.type !== 'rejects')
    const [only] = next
    return next.length === 1 && only && isStep(only) ? only : null
  }

  #take(operator: Operator): Emit {
    this.#operators.push(operator)
    return batch => operator.push(batch)
  }
}

/** Hands a batch to each taker in turn; waits only where one asks to be waited for. */
function fanOut(takers: readonly Emit[]): Emit {
  if (takers.length === 0) return () => {}
  if (takers.length === 1) return takers[0] as Emit
  return (batch: Batch): Awaitable => {
    for (let i = 0; i < takers.length; i++) {
      const pending = (takers[i] as Emit)(batch)
      if (pending) return rest(takers, i + 1, batch, pending)
    }
  }
}

async function rest(
  takers: readonly Emit[],
  from: number,
  batch: Batch,
  first: Promise<void>,
): Promise<void> {
  await first
  for (let i = from; i < takers.length; i++) await (takers[i] as Emit)(batch)
}
