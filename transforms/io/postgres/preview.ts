/** A table as it stands in a transaction, into one Parquet file: binary COPY into columns, and those into pages. */
import { dense } from '../../../engine/data/batch.ts'
import { newColumn, isText } from '../../../engine/data/column.ts'
import { schemaOf } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { parquetFragment } from '../parquet/fragment.ts'
import { bind } from './bind.ts'
import { factsOf } from './catalog.ts'
import { CopyOut } from './copy-out.ts'
import { flawText } from './flaw-text.ts'
import { Flaws } from './flaws.ts'
import type { TableName } from './names.ts'
import type { Session } from './session.ts'
import { Texts } from './texts.ts'

const ROWS_PER_BATCH = 8192

/** How many rows were written. Throws data: the table has values that the load's kinds do not. */
export async function exportTable(
  session: Session,
  load: TableLoad,
  { name, path }: { name: TableName; path: string },
): Promise<number> {
  const what = `table ${load.table} cannot be read back`
  const facts = await factsOf(session, name)
  const schema = schemaOf(load.columns)
  const bindings = bind(schema, facts)
  const columns = bindings.map(b => newColumn(b.field.kind, ROWS_PER_BATCH))
  const texts = columns.map(c => (isText(c.kind) ? new Texts(c) : null))
  const flaws = new Flaws()
  const sql = `COPY (SELECT ${bindings.map(b => b.sql).join(', ')} FROM ${facts.sql}) TO STDOUT (FORMAT binary)`
  const oversized = (bytes: number) => {
    throw new Fault('data', `${what}: a row has ${bytes} bytes`, { at: load.at })
  }
  const fields = bindings.length
  const copy = session.submit(new CopyOut(sql, { fields, rowsMax: ROWS_PER_BATCH, oversized }))
  const writer = parquetFragment(path, schema)
  try {
    for (;;) {
      const rows = await copy.next()
      if (rows === 0) return (await writer.close()).rows
      flaws.begin(rows)
      bindings.forEach((b, index) => {
        const column = columns[index] as (typeof columns)[0]
        b.decode(copy.located, index, { column, index, flaws, texts: texts[index] ?? null })
      })
      if (flaws.any) refuse()
      await writer.write(dense(schema, columns, rows))
    }
  } catch (error) {
    await writer.abort()
    // The copy goes on where it was left: the connection cannot be used for anything else.
    session.destroy()
    throw session.fault(error, { what, at: load.at })
  }

  function refuse(): never {
    const { located } = copy
    let row = 0
    while (flaws.of(row) === 0) row++
    const field = flaws.column(row)
    const { name: column, kind } = schema.list[field] as (typeof schema.list)[0]
    const reason = flawText(located, { row, field, flaw: flaws.of(row), name: column }, kind)
    throw new Fault('data', `${what}: column "${column}": ${reason}`, { at: load.at })
  }
}
