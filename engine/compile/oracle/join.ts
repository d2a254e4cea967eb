/** Rows joined by equal keys; a null key never joins. */
import type { Node, Row } from '../../plan/node.ts'
import { groups, keyText } from './rows.ts'

export function join(node: Node<'join'>, left: readonly Row[], right: readonly Row[]): Row[] {
  const { kind, leftKeys, rightKeys, right: kept } = node.op
  const nulls = Object.fromEntries(kept.map(p => [p.name, null]))
  const index = groups(
    right.filter(r => rightKeys.every(k => r[k] !== null)),
    rightKeys,
  )
  const used = new Set<Row>()
  const matchesOf = (row: Row): readonly Row[] => {
    if (leftKeys.some(k => row[k] === null)) return []
    const matches = index.get(keyText(row, leftKeys)) ?? []
    for (const m of matches) used.add(m)
    return matches
  }
  const taken = (row: Row): Row => Object.fromEntries(kept.map(p => [p.name, row[p.from]]))
  const result: Row[] = left.flatMap(row => {
    const matches = matchesOf(row)
    if (kind === 'semi') return matches.length > 0 ? [row] : []
    if (kind === 'anti') return matches.length > 0 ? [] : [row]
    if (matches.length === 0) return kind === 'inner' ? [] : [{ ...row, ...nulls }]
    return matches.map(m => ({ ...row, ...taken(m) }))
  })
  if (kind !== 'full') return result
  const leftNames = (node.inputs[0] as Node).schema.list.map(f => f.name)
  for (const row of right) {
    if (used.has(row)) continue
    const empty = Object.fromEntries(leftNames.map(n => [n, null]))
    const keys = Object.fromEntries(leftKeys.map((k, i) => [k, row[rightKeys[i] as string]]))
    result.push({ ...empty, ...keys, ...taken(row) })
  }
  return result
}
