/**
 * `p.read(written)`: a table as it will stand after this run. A folder, and a table that is replaced,
 * will hold just what is written, so their rows are taken from where they were written; a table that
 * keeps rows of its own is asked for by the run, once what it takes in is staged.
 */
import type { Node } from '../engine/plan/node.ts'

type Planned = Omit<Node, 'id'>

/** The node that reads back what `written` writes. */
export function standing(written: Node, at: string): Planned {
  const { schema } = written
  const name = written.name.replace(/^write /, 'read written ')
  const [from] = written.inputs as [Node]
  const { sink } = (written as Node<'write'>).op
  if (sink.sink === 'table' && sink.options.mode !== 'replace')
    return { type: 'readWritten', op: { written }, inputs: [], schema, name, at }
  const columns = from.schema.list.map(f => ({ name: f.name, from: f.name }))
  return { type: 'project', op: { columns }, inputs: [from], schema, name, at }
}
