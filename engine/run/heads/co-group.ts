/**
 * coGroup: a function over the rows of several inputs that share a key, by their tags. A key that one
 * input lacks comes too, with no rows of it.
 */
import type { AnySchema } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import type { Head } from '../operator.ts'
import { groupHead } from './groups.ts'

export function coGroupHead(node: Node<'coGroup'>, inputs: readonly AnySchema[]): Head {
  const { keys, tags, fn } = node.op
  const names = tags.map(tag => `"${tag}"`)
  return groupHead(
    {
      node,
      keys,
      sort: null,
      names,
      call(key, rows) {
        // Tags are the user's words: no prototype, so that `__proto__` is a tag like any other.
        const group: Record<string, unknown> = Object.create(null)
        group['key'] = key
        tags.forEach((tag, i) => {
          group[tag] = rows[i]
        })
        return fn(group)
      },
    },
    inputs,
  )
}
