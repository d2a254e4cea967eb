/** `fillNulls`: defaults for nullable columns. */
import { newColumn } from '../engine/data/column.ts'
import { schemaOf } from '../engine/data/schema.ts'
import { ValueError, writeValue } from '../engine/data/value.ts'
import type { Node } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { add, columnsOf, type Step } from './step.ts'

/**
 * Puts a value where a column is null; the column is not nullable afterwards.
 *
 * Shape   PCollection<F> → PCollection<F>, the named columns required; all rows
 * Nulls   this is about them
 * Cost    fused into its stage; no copy where a batch has no null
 * Throws  pipeline: a column does not exist, the value is not of its kind
 * @example
 * people.fillNulls({ country: 'unknown', orders: 0 })
 */
export function fillNulls(step: Step, defaults: Readonly<Record<string, unknown>>): Node {
  const fields = columnsOf(step, Object.keys(defaults ?? {}))
  const values = fields.map(({ name, kind }) => {
    const value = defaults[name]
    try {
      writeValue(newColumn(kind.required, 1), 0, value)
    } catch (error) {
      if (!(error instanceof ValueError)) throw error
      refuse(`column ${quote(name)}: ${error.message}`, { at: step.at })
    }
    return { column: name, value }
  })
  const named = new Set(fields.map(f => f.name))
  const list = step.node.schema.list.map(f =>
    named.has(f.name) ? { ...f, kind: f.kind.required } : f,
  )
  const name = `fillNulls ${[...named].join(' ')}`
  return add(step, 'fillNulls', { op: { values }, name, schema: schemaOf(list) })
}
