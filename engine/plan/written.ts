/** What a write puts into its files: the collection's columns, renamed, without those that became folders. */
import { type AnySchema, indexOf, schemaOf } from '../data/schema.ts'
import { Fault } from '../fault.ts'
import { snakeCase } from '../io/sink.ts'
import type { Node } from './node.ts'

export interface WrittenSchema {
  readonly schema: AnySchema
  /** Positions of its columns in the collection. */
  readonly at: readonly number[]
}

/** A column's name as the sink's `names` option wants it. */
export const writtenName = (name: string, names: 'snake_case' | 'asIs'): string =>
  names === 'snake_case' ? snakeCase(name) : name

export function writtenSchema(node: Node<'write'>): WrittenSchema {
  const { sink } = node.op
  const input = (node.inputs[0] as Node).schema
  const folders = new Set(sink.sink === 'files' ? sink.options.partitionBy : [])
  const kept = input.list.filter(f => !folders.has(f.name))
  const list = kept.map(f => ({ name: writtenName(f.name, sink.options.names), kind: f.kind }))
  const seen = new Set<string>()
  const twice = list.find(f => seen.size === seen.add(f.name).size)
  if (twice)
    throw new Fault('pipeline', `two columns would be written as ${JSON.stringify(twice.name)}`, {
      at: node.at,
      hint: "rename one of them, or write names: 'asIs'",
    })
  return { schema: schemaOf(list), at: kept.map(f => indexOf(input, f.name)) }
}
