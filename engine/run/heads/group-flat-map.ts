/** groupFlatMap: a function over each key's rows, in the order asked for. Beam's GroupByKey. */
import type { AnySchema } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import type { Head } from '../operator.ts'
import { groupHead } from './groups.ts'
import type { GroupRows } from './group-rows.ts'

export function groupFlatMapHead(node: Node<'groupFlatMap'>, input: AnySchema): Head {
  const { keys, sort, fn } = node.op
  const spec = { node, keys, sort, names: ['the group'] }
  return groupHead({ ...spec, call: (key, [rows]) => fn(key, rows as GroupRows) }, [input])
}
