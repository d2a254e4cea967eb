/** What an aggregate is, over the rows of a group. */
import { newColumn } from '../../data/column.ts'
import { compare } from '../../data/compare.ts'
import type { Kind } from '../../data/kind.ts'
import { type AnySchema, fieldOf } from '../../data/schema.ts'
import { POW10, readUnits, textUnits, wideToNumber, writeUnits } from '../../data/value.ts'
import { passes } from '../../io/condition.ts'
import type { Aggregate } from '../../plan/aggregate.ts'
import type { Row } from '../../plan/node.ts'
import { keyText, pick } from './rows.ts'

export function aggregated(
  a: Aggregate,
  rows: readonly Row[],
  o: { from: AnySchema; kind: Kind },
): unknown {
  const kept = rows.filter(r => a.where.every(t => passes(t, r[t.column])))
  if (a.name === 'count') return kept.length
  if (a.name === 'combine') {
    const fn = a.combine as NonNullable<typeof a.combine>
    let acc = fn.createAccumulator()
    for (const row of kept) acc = fn.addInput(acc, row)
    return fn.extractOutput(acc)
  }
  const column = a.column as string
  const present = kept.filter(r => r[column] !== null)
  if (a.name === 'countDistinct') return new Set(present.map(r => keyText(r, [column]))).size
  if (a.name === 'first' || a.name === 'last')
    return kept.length === 0 ? null : pick(kept, a.by as string, a.name === 'last')[column]
  if (a.name === 'sum' || a.name === 'mean')
    return total(
      a,
      present.map(r => r[column]),
      { ...o, column },
    )
  let best: unknown = null
  for (const { [column]: v } of present) {
    const c = best === null ? 1 : compare(v, best)
    if (best === null || (a.name === 'max' ? c > 0 : c < 0)) best = v
  }
  return best
}

function total(
  a: Aggregate,
  values: unknown[],
  o: { from: AnySchema; kind: Kind; column: string },
): unknown {
  const kind = fieldOf(o.from, o.column).kind
  if (values.length === 0) return o.kind.optional ? null : kind.tag === 'bigint' ? 0n : 0
  if (kind.tag === 'bigint') {
    const sum = (values as bigint[]).reduce((x, y) => x + y, 0n)
    return a.name === 'sum' ? sum : Number(sum) / values.length
  }
  if (kind.tag === 'decimal') {
    const units = (values as number[]).reduce((x, y) => x + textUnits(y, kind.scale), 0n)
    if (a.name === 'mean') return Number(units) / values.length / (POW10[kind.scale] as number)
    const column = newColumn(o.kind, 1)
    writeUnits(column, 0, units)
    return wideToNumber(o.kind, readUnits(column, 0))
  }
  if (a.name === 'mean' && (kind.tag === 'int32' || kind.tag === 'int64'))
    return Number((values as number[]).reduce((x, y) => x + BigInt(y), 0n)) / values.length
  const sum = (values as number[]).reduce((x, y) => x + y, 0)
  return a.name === 'sum' ? sum : sum / values.length
}
