/** `xlsx`: the sheets of workbooks as a source. */
import type { Fields, Schema } from '../../../engine/data/schema.ts'
import type { Source } from '../../../engine/io/source.ts'
import { driftOf } from '../files/drift.ts'
import { DriftingFiles } from '../files/drifting.ts'
import type { XlsxSource } from './options.ts'
import { XlsxFiles } from './source.ts'

/**
 * Reads a sheet of workbooks (.xlsx): a path, a folder or a glob.
 *
 * Shape   rows below the header → PCollection<F>; rows that do not fit the schema, and errors such as
 *         #N/A, go to `.rejects` with their cell: `file.xlsx#Sheet1!C17`
 * Nulls   an empty cell is null where the column may be; of merged cells all but the first are empty
 * Time    a cell that shows a date is one, by either way to count days; UTC unless `timeZone` says otherwise
 * Cost    one pass; a sheet is one split; the workbook's shared texts are held in memory
 * Throws  pipeline: options; data: no workbook, no such sheet, a header is wrong, a part is damaged
 * Source  ECMA-376 part 1, SpreadsheetML
 * @example
 * p.read(xlsx('data/*.xlsx', Line, { sheet: 'Online Retail', header: 'snake_case' }))
 */
export const xlsx = <F extends Fields>(
  uri: string,
  schema: Schema<F>,
  options: XlsxSource<F> = {},
): Source<F> => {
  const whole = new XlsxFiles(uri, schema, options)
  const choices = driftOf(options)
  return choices === null ? whole : new DriftingFiles({ uri, choices, whole })
}
