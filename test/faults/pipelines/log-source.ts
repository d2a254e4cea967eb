/**
 * A source that reads from a mark on: lines of a file, `AT ID`, up to the end of the run's interval. What
 * it answers depends on the file, the mark and the interval alone.
 */
import { readFileSync } from 'node:fs'
import { RowBuilder } from '../../../engine/compile/rows.ts'
import type { AnySource, PlanRequest, ReadRequest, SplitReader } from '../../../engine/io/source.ts'
import { schema, t } from '../../../transforms/index.ts'

export const Entry = schema({ at: t.int64, id: t.int32 })
type Row = { at: number; id: number }

/** `options`: enters the fingerprint, so that two reads are two. */
export function logSource(path: string, options = ''): AnySource {
  const rowsOf = ({ since = null, interval = null }: Pick<PlanRequest, 'since' | 'interval'>) => {
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter(line => line !== '')
    const rows = lines
      .map(line => line.split(' ').map(Number))
      .map(([at = 0, id = 0]) => ({ at, id }))
    const from = since === null ? Number.NEGATIVE_INFINITY : Number(since)
    return rows.filter(r => r.at > from && r.at < (interval?.end ?? Number.POSITIVE_INFINITY))
  }
  return {
    format: 'log',
    schema: Entry,
    uri: path,
    fingerprint: `log ${path} ${options}`,
    markName: `log ${path}`,
    async plan({ since = null, interval = null }) {
      const rows = rowsOf({ since, interval })
      const mark = rows.reduce((most, r) => Math.max(most, r.at), Number(since ?? 0))
      const split = { uri: path, start: 0, end: Infinity, bytes: rows.length, detail: rows }
      return {
        splits: rows.length === 0 ? [] : [split],
        inputs: [{ uri: path, bytes: rows.length, version: `${since} to ${mark}` }],
        mark: String(mark),
      }
    },
    open: ({ detail }, request) => readerOf(detail as Row[], request),
  }
}

function readerOf(rows: readonly Row[], request: ReadRequest): SplitReader {
  const builder = new RowBuilder(Entry, request.rowsPerBatch)
  let at = 0
  return {
    next() {
      if (at === rows.length) return null
      while (at < rows.length && !builder.full) builder.append(rows[at++] as Row)
      return builder.take()
    },
    widen() {
      throw new Error('all columns are there')
    },
    end: () => null,
    close() {},
  }
}
