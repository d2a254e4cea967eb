/** The logical plan as text: a line a node, in the order they were built, with inputs and what changes in the schema. */
import type { AnySchema } from '../data/schema.ts'
import { sidesOf } from './facts.ts'
import { is, type Node, type Plan } from './node.ts'
import { flow } from './text-block.ts'

const PAD_MAX = 36

/**
 * @example
 * pipeline retail
 *  0  read csv data.csv               = country:utf8 quantity:int32
 *  1  filter "cancelled"         ← 0
 *  2  aggregate by country       ← 1  + lines:int64  − quantity
 */
export function explainLogical(plan: Plan): string {
  const rows = plan.nodes.map(node => [String(node.id), node.name, inputsOf(node), changesOf(node)])
  const widths = [0, 1, 2].map(i =>
    Math.max(...rows.map(row => Math.min((row[i] ?? '').length, PAD_MAX)), 0),
  )
  const lines = rows.map(([id = '', name = '', inputs = '', changes = '']) => {
    const columns = [name.padEnd(widths[1] ?? 0), inputs.padEnd(widths[2] ?? 0)]
    const head = `${id.padStart((widths[0] ?? 0) + 1)}  ${columns.join('  ')}  `
    return flow(head, changes === '' ? [] : changes.split(' '))
  })
  const groups = plan.publishes.map(group => `publish together: ${group.map(n => n.id).join(' ')}`)
  return [`pipeline ${plan.name}`, ...lines, ...groups].join('\n')
}

function inputsOf(node: Node): string {
  const inputs = node.inputs.map(n => String(n.id))
  if (is(node, 'readWritten')) inputs.push(`written ${node.op.written.id}`)
  if (is(node, 'rejects') && inputs.length === 0) inputs.push('every step')
  for (const { name, side } of sidesOf(node)) inputs.push(`${name}: ${side.view} of ${side.of.id}`)
  return inputs.length === 0 ? '' : `← ${inputs.join(', ')}`
}

/** `+ added:kind  ~ column:old→new  − dropped` against the first input; `= columns` where most of it is new. */
function changesOf(node: Node): string {
  if (is(node, 'write')) return ''
  const before = node.inputs[0]?.schema
  const added: string[] = []
  const changed: string[] = []
  for (const { name, kind } of node.schema.list) {
    const old = before && kindNameOf(before, name)
    if (old === undefined) added.push(`${name}:${kind.name}`)
    else if (old !== kind.name) changed.push(`${name}:${old}→${kind.name}`)
  }
  if (added.length === node.schema.list.length) return `= ${added.join(' ')}`
  const kept = new Set(node.schema.list.map(f => f.name))
  const dropped = before?.list.filter(f => !kept.has(f.name)).map(f => f.name) ?? []
  if (dropped.length > kept.size)
    return `= ${node.schema.list.map(f => `${f.name}:${f.kind.name}`).join(' ')}`
  const parts: [string, string[]][] = [
    ['+', added],
    ['~', changed],
    ['−', dropped],
  ]
  return parts
    .flatMap(([sign, names]) => (names.length ? [`${sign} ${names.join(' ')}`] : []))
    .join('  ')
}

const kindNameOf = (s: AnySchema, name: string): string | undefined =>
  s.list.find(f => f.name === name)?.kind.name
