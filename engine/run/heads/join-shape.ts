/** Where each column of a join's output comes from. */
import { type AnySchema, indexOf } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import { withOrdinal } from './grace.ts'

export interface JoinShape {
  readonly op: Node<'join'>['op']
  readonly left: AnySchema
  readonly right: AnySchema
  readonly output: AnySchema
  /** Positions of the right side's columns that are kept in memory. */
  readonly kept: readonly number[]
  /** By output column: its place in the left side, and among the kept ones of the right; -1 for none. */
  readonly sources: readonly Source[]
}
export interface Source {
  readonly left: number
  /** Where both are there, this one serves rows without a left side: keys of a full join, ordinals. */
  readonly right: number
}

/** `numbered`: both sides and the output have an ordinal behind their columns. */
export function joinShape(
  { op, schema: plain }: Pick<Node<'join'>, 'op' | 'schema'>,
  { left, right, numbered }: { left: AnySchema; right: AnySchema; numbered: boolean },
): JoinShape {
  const kept: number[] = []
  const keep = (position: number): number => {
    const known = kept.indexOf(position)
    return known < 0 ? kept.push(position) - 1 : known
  }
  const full = op.kind === 'full'
  const sources: Source[] = left.list.map(({ name }, j) => {
    const key = full ? op.leftKeys.indexOf(name) : -1
    return { left: j, right: key < 0 ? -1 : keep(indexOf(right, op.rightKeys[key] as string)) }
  })
  for (const { from } of op.right) sources.push({ left: -1, right: keep(indexOf(right, from)) })
  if (!numbered) return { op, left, right, output: plain, kept, sources }
  sources.push({ left: left.list.length, right: full ? keep(right.list.length) : -1 })
  const [numberedLeft, numberedRight] = [withOrdinal(left), withOrdinal(right)]
  return { op, left: numberedLeft, right: numberedRight, output: withOrdinal(plain), kept, sources }
}
