/** A source of rows in memory, split as the test wants: what a connector does, without a format. */
import { RowBuilder } from '../../engine/compile/rows.ts'
import type { AnySource, ReadRequest, Split, SplitReader } from '../../engine/io/source.ts'
import type { Table } from './random.ts'

export function rowsSource(name: string, { schema, rows }: Table, rowsPerSplit: number): AnySource {
  const splits: Split[] = []
  for (let start = 0; start < rows.length; start += rowsPerSplit) {
    const end = Math.min(rows.length, start + rowsPerSplit)
    splits.push({ uri: name, start, end, bytes: end - start })
  }
  return {
    format: 'rows',
    schema,
    uri: name,
    fingerprint: `${name} ${rows.length}`,
    plan: async () => ({ splits, inputs: [{ uri: name, bytes: rows.length, version: '1' }] }),
    open: (split: Split, request: ReadRequest): SplitReader => {
      const builder = new RowBuilder(schema, request.rowsPerBatch)
      let at = split.start
      return {
        next() {
          if (at === split.end) return null
          while (at < split.end && !builder.full) builder.append(rows[at++])
          return builder.take()
        },
        widen() {
          throw new Error('all columns are there')
        },
        end: () => null,
        close() {},
      }
    },
  }
}
