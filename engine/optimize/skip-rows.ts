/**
 * Predicate pushdown: what the steps right after a read drop by named columns is told to its source,
 * which may know from statistics that no row of a part is kept, and not read it. The steps stay where
 * they are: a source leaves out nothing that it cannot be sure of, and which step a row counts under
 * must be sure too. So the walk ends at the first step that may drop or refuse rows by a function, and
 * at one that several others read.
 */
import { sidesOf } from '../plan/facts.ts'
import { is, type Node, type Plan, type Skip, type Test } from '../plan/node.ts'
import { rebuild } from './rebuild.ts'

/** Skips name steps by number: no later rule may add nodes. */
export function skipRows(plan: Plan): Plan {
  const readers = readersOf(plan)
  return rebuild(plan, node => {
    if (!is(node, 'read') || !node.op.source.leavesOut) return node
    const skips = skipsAfter(plan.nodes[node.id] as Node, readers)
    return skips.length > 0 ? { ...node, op: { ...node.op, skips } } : node
  })
}

/** Who reads each node's rows. */
function readersOf(plan: Plan): ReadonlyMap<Node, readonly Node[]> {
  const readers = new Map<Node, Node[]>(plan.nodes.map(n => [n, []]))
  for (const node of plan.nodes) {
    const sides = sidesOf(node).map(s => s.side.of)
    const inputs = node.type === 'rejects' ? [] : node.inputs
    for (const from of [...inputs, ...sides]) readers.get(from)?.push(node)
  }
  return readers
}

function skipsAfter(read: Node, readers: ReadonlyMap<Node, readonly Node[]>): Skip[] {
  const skips: Skip[] = []
  const through: number[] = []
  // The source's name of each column that still has the source's values.
  let names = new Map(read.schema.list.map(f => [f.name, f.name]))
  for (let node = read; ; ) {
    const [next, ...others] = readers.get(node) ?? []
    if (next === undefined || others.length > 0) return skips
    if (is(next, 'where')) {
      const tests = renamed(next.op.tests, names)
      if (tests === null) return skips
      skips.push({ tests, step: next.id, through: [...through], reason: next.op.reason })
    } else if (is(next, 'dropNulls')) {
      const tests = renamed(next.op.columns.map(notNull), names)
      if (tests === null) return skips
      skips.push({ tests, step: next.id, through: [...through], reason: next.op.reason })
    } else if (is(next, 'project')) {
      const from = names
      names = new Map(
        next.op.columns.flatMap(c => {
          const source = from.get(c.from)
          return source === undefined ? [] : [[c.name, source]]
        }),
      )
    } else if (is(next, 'fillNulls')) for (const { column } of next.op.values) names.delete(column)
    else return skips
    through.push(next.id)
    node = next
  }
}

const notNull = (column: string): Test => ({ column, op: 'not', value: null })

/** Null where a column is not the source's own: which rows the step drops is not known then. */
function renamed(
  tests: readonly Test[],
  names: ReadonlyMap<string, string>,
): readonly Test[] | null {
  const own = tests.map(test => ({ test, column: names.get(test.column) }))
  if (own.some(o => o.column === undefined)) return null
  return own.map(({ test, column }) => ({ ...test, column: column as string }))
}
