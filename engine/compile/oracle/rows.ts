/** Rows as objects: what their columns would hold, keys and orders as SQL has them. */
import { newColumn } from '../../data/column.ts'
import { compare } from '../../data/compare.ts'
import type { AnySchema } from '../../data/schema.ts'
import { readValue } from '../../data/value.ts'
import type { Order, Row } from '../../plan/node.ts'
import { writeNamed } from '../write-code.ts'

/** A row as its columns would hold and give it back: rounded, checked. `named`: faults say which column. */
export function stored(schema: AnySchema, row: object, named = true): Row {
  return Object.fromEntries(
    schema.list.map(({ name, kind }) => {
      const column = newColumn(kind, 1)
      writeNamed(column, 0, (row as Row)[name], named ? name : undefined)
      return [name, readValue(column, 0)]
    }),
  )
}

/** Equal keys have equal text: null is a key, NaN equals NaN, -0 equals 0. */
export function keyText(row: Row, keys: readonly string[]): string {
  return JSON.stringify(keys.map(k => keyPart(row[k])))
}

function keyPart(v: unknown): unknown {
  if (typeof v === 'bigint') return `n${v}`
  if (v instanceof Uint8Array) return `b${Buffer.from(v).toString('hex')}`
  if (typeof v === 'number') return `f${v + 0}`
  if (Array.isArray(v)) return v.map(keyPart)
  if (typeof v === 'object' && v !== null) return Object.entries(v).map(keyPart)
  return v === null ? null : `${typeof v}${v}`
}

export function groups(rows: readonly Row[], keys: readonly string[]): Map<string, Row[]> {
  const map = new Map<string, Row[]>()
  for (const row of rows) {
    const id = keyText(row, keys)
    const known = map.get(id)
    if (known) known.push(row)
    else map.set(id, [row])
  }
  return map
}

export const firsts = (rows: readonly Row[], keys: readonly string[]): Row[] =>
  [...groups(rows, keys).values()].map(g => g[0] as Row)

/** A null `by` comes before all others; ties go by position. */
export function pick(rows: readonly Row[], by: string, last: boolean): Row {
  let best = rows[0] as Row
  for (const row of rows.slice(1)) {
    const order = nullsFirst(row[by], best[by])
    if (last ? order >= 0 : order < 0) best = row
  }
  return best
}

function nullsFirst(a: unknown, b: unknown): number {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1)
  return compare(a, b)
}

/** Stable; nulls last in either direction. */
export function sorted(rows: readonly Row[], sort: readonly Order[]): Row[] {
  return [...rows].sort((x, y) => {
    for (const { by, order } of sort) {
      const [a, b] = [x[by], y[by]]
      if (a === null || b === null) {
        if (a !== b) return a === null ? 1 : -1
        continue
      }
      const c = compare(a, b)
      if (c !== 0) return order === 'asc' ? c : -c
    }
    return 0
  })
}
