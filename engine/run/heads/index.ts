/** The operators at the start of stages that follow exchanges, by the node that they run. */
import type { AnySchema } from '../../data/schema.ts'
import { Fault } from '../../fault.ts'
import type { Node, OperationType } from '../../plan/node.ts'
import type { Head } from '../operator.ts'
import { coGroupHead } from './co-group.ts'
import { distinctByHead } from './distinct-by.ts'
import { distinctHead } from './distinct.ts'
import { groupFlatMapHead } from './group-flat-map.ts'
import { joinHead } from './join.ts'
import { sortHead } from './sort.ts'
import { topHead } from './top.ts'

type Inputs = readonly AnySchema[]
type Factories = { readonly [T in OperationType]?: (node: Node<T>, inputs: Inputs) => Head }

const HEADS: Factories = {
  distinct: (node, [input]) => distinctHead(node, input as AnySchema),
  distinctBy: (node, [input]) => distinctByHead(node, input as AnySchema),
  top: (node, [input]) => topHead(node, input as AnySchema),
  groupFlatMap: (node, [input]) => groupFlatMapHead(node, input as AnySchema),
  join: (node, [left, right]) => joinHead(node, left as AnySchema, right as AnySchema),
  coGroup: coGroupHead,
  sortBy: (node, [input]) => sortHead(node.id, input as AnySchema, node.op.sort),
}

/** The head of a stage, over inputs of these schemas. Throws engine: the node is no head. */
export function headOf(node: Node, inputs: Inputs): Head {
  const factory = HEADS[node.type] as ((node: Node, inputs: Inputs) => Head) | undefined
  if (factory === undefined)
    throw new Fault('engine', `${node.name} (${node.type}) starts no stage`, { at: node.at })
  return factory(node, inputs)
}
