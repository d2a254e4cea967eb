/**
 * The plan while it is being built: transforms add nodes to it, one a verb call. Numbered as they
 * come, so that each thread that builds the same module numbers them alike.
 */
import type { AnySchema } from '../data/schema.ts'
import type { Node, Operations, OperationType } from './node.ts'

export interface NewNode<T extends OperationType> {
  readonly type: T
  readonly op: Operations[T]
  readonly inputs: readonly Node[]
  readonly schema: AnySchema
  readonly name: string
  readonly at: string
}

const NAME_MAX = 72

export class Graph {
  readonly nodes: Node[] = []
  readonly publishes: { readonly writes: readonly Node[]; readonly at: string }[] = []

  add<T extends OperationType>(node: NewNode<T>): Node<T> {
    const name = clip(node.name)
    const added: Node<T> = { id: this.nodes.length, ...node, name }
    this.nodes.push(added as Node)
    return added
  }

  /** Gives a node the user's name. The only change that a node ever sees, and only while building. */
  rename(node: Node, name: string): void {
    const open = node as { name: string }
    open.name = name
  }

  has(node: Node): boolean {
    return this.nodes[node.id] === node
  }
}

const clip = (name: string): string =>
  name.length > NAME_MAX ? `${name.slice(0, NAME_MAX - 1)}…` : name
