/** A query's rows as one Parquet file, written by the engine's own writer. */
import { newColumn } from '../../../engine/data/column.ts'
import { dense } from '../../../engine/data/batch.ts'
import { schemaOf } from '../../../engine/data/schema.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { parquetFragment } from '../parquet/fragment.ts'
import { names } from './names.ts'
import { PAGE_ROWS, pages, select } from './query.ts'
import type { Session } from './session.ts'
import { storeCell } from './store.ts'

const ROWS_PER_BATCH = 4096

/**
 * The service gives rows in whichever order. What a run makes of them would be another each time, and so
 * another load than the one that a killed run has begun.
 */
export function previewOrder({ columns, options }: TableLoad): string {
  const own = columns.filter(c => !NOT_ORDERED.includes(c.kind.tag)).map(c => c.name)
  const by = options.mode === 'merge' ? options.key : own
  return by.length === 0 ? '' : ` ORDER BY ${names(by)}`
}

const NOT_ORDERED: readonly string[] = ['json', 'list', 'struct']

/**
 * Rows written.
 *
 * Cost    every row crosses the network as JSON, a page ahead of what is being written
 * Throws  data: the query is refused, or a value does not fit its column; resource: no answer
 */
export async function writePreview(
  { api, dataset }: Session,
  load: TableLoad,
  o: { sql: string; path: string },
): Promise<number> {
  const { sql, path } = o
  const subject = `table ${load.table}`
  const result = await select(api, { sql, dataset, subject, at: load.at, first: PAGE_ROWS })
  const schema = schemaOf(load.columns)
  const writer = parquetFragment(path, schema)
  try {
    for await (const page of pages(api, result, 0, result.rows))
      for (let from = 0; from < page.length; from += ROWS_PER_BATCH) {
        const some = page.slice(from, from + ROWS_PER_BATCH)
        const columns = load.columns.map(({ kind }, c) => {
          const column = newColumn(kind, some.length)
          for (const [i, { f }] of some.entries()) storeCell(column, i, f[c]?.v)
          return column
        })
        await writer.write(dense(schema, columns, some.length))
      }
    await writer.close()
    return result.rows
  } catch (error) {
    await writer.abort()
    throw error
  }
}
