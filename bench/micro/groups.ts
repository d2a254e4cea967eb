/** The hash table behind group-by: few groups, many groups, beside a Map of strings. */
import { GroupTable } from '../../engine/compile/aggregate/group-table.ts'
import { type Batch, columnOf } from '../../engine/data/batch.ts'
import { indexOf } from '../../engine/data/schema.ts'
import { readValue } from '../../engine/data/value.ts'
import { Line } from '../pipelines/line.ts'
import { rowsOf } from './batches.ts'
import type { Micro } from './measure.ts'

export function groupMicros(batches: readonly Batch[]): Micro[] {
  const rows = rowsOf(batches)
  const by = (...names: (keyof (typeof Line)['fields'])[]): Micro[] => {
    const keys = names.map(name => indexOf(Line, name))
    const kinds = names.map(name => Line.fields[name])
    const name = names.join(', ')
    // Its code is generated when it is made: a worker makes it once.
    const table = new GroupTable(kinds)
    const run = () => {
      table.clear()
      for (const batch of batches) table.assign(batch, keys)
    }
    return [
      { name: `group table: ${name}`, rows, run },
      { name: `a Map of strings: ${name}`, rows, run: () => mapOf(batches, keys) },
    ]
  }
  return [...by('Country'), ...by('StockCode', 'Country'), ...by('InvoiceNo', 'StockCode')]
}

/** What one would write by hand over the same columns. */
function mapOf(batches: readonly Batch[], keys: readonly number[]): void {
  const groups = new Map<string, number>()
  for (const batch of batches) {
    const columns = keys.map(key => columnOf(batch, key))
    for (let i = 0; i < batch.rows; i++) {
      const key = columns.map(column => String(readValue(column, i))).join('\u0001')
      if (!groups.has(key)) groups.set(key, groups.size)
    }
  }
}
