/** unnest and unpack the plain way: objects taken apart. */
import { structOf, elementOf } from '../../data/nested.ts'
import { fieldOf } from '../../data/schema.ts'
import type { Node, Row } from '../../plan/node.ts'

export function unnested({ op, inputs, schema }: Node<'unnest'>, row: Row): Row[] {
  const from = (inputs[0] as Node).schema
  const { kind } = fieldOf(from, op.column)
  const element = op.list ? elementOf(kind) : kind
  const kept = from.list.filter(f => f.name !== op.column)
  const names = schema.list.slice(kept.length).map(f => f.name)
  const parts = element.tag === 'struct' ? structOf(element).list.map(f => f.name) : null
  const one = (value: unknown): Row => {
    const values = parts === null ? [value] : parts.map(p => (value as Row | null)?.[p] ?? null)
    const made = names.map((name, i) => [name, values[i]])
    return Object.fromEntries([...kept.map(f => [f.name, row[f.name]]), ...made])
  }
  const elements = op.list ? ((row[op.column] as unknown[] | null) ?? []) : [row[op.column]]
  return elements.length === 0 && op.keepEmpty ? [one(null)] : elements.map(one)
}
