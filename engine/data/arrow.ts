/**
 * Batches to Apache Arrow record batches and back. Where our layout is Arrow's, both sides share
 * the memory: the result is valid as long as the input is. apache-arrow is loaded when first asked
 * for.
 *
 * | kind                     | Arrow type                        | buffers                       |
 * |--------------------------|-----------------------------------|-------------------------------|
 * | int32                    | Int32                             | shared                        |
 * | bigint                   | Int64                             | shared                        |
 * | float32, float64         | Float32, Float64                  | shared                        |
 * | date                     | Date32 (days)                     | shared                        |
 * | decimal, over 15 digits  | Decimal128                        | shared                        |
 * | utf8, bytes              | Dictionary of Utf8, Binary; Int32 | shared: all three             |
 * | bool                     | Bool                              | copied: bits, not bytes       |
 * | int64                    | Int64                             | copied: integers, not doubles |
 * | timestamp                | Timestamp (µs, UTC)               | copied: integers, not doubles |
 * | datetime                 | Timestamp (µs, no zone)           | copied: integers, not doubles |
 * | decimal, to 15 digits    | Decimal128                        | copied: 128 bits, not doubles |
 * | json                     | as utf8                           | shared; read: checked, copied |
 * | list, struct             | List, Struct                      | copied                        |
 * | validity                 | validity                          | copied: bits, not bytes       |
 *
 * A batch with dead rows is made dense first: all of it is copied then, except text entries. Each
 * field carries its kind's name as metadata (`millrace`), so that int64 and bigint come back as
 * they were.
 */
import type { Data, Field, RecordBatch } from 'apache-arrow'
import { columnFrom, inferKind } from './arrow-read.ts'
import { dataOf, fieldOf } from './arrow-write.ts'
import { type Batch, columnOf, dense } from './batch.ts'
import { type Column, lanes, newValues } from './column.ts'
import { type AnySchema, schemaOf } from './schema.ts'
import { Fault } from '../fault.ts'

/** The batch's selected rows as an Arrow record batch. */
export async function toArrow(batch: Batch): Promise<RecordBatch> {
  const arrow = await import('apache-arrow')
  const { schema, selection, selected } = batch
  const children: Data[] = []
  const fields: Field[] = []
  schema.list.forEach(({ name, kind }, j) => {
    const column = columnOf(batch, j)
    const data = dataOf(
      arrow,
      selection === null ? column : taken(column, selection, selected),
      selected,
    )
    children.push(data)
    fields.push(fieldOf(arrow, name, kind, data.type))
  })
  const type = new arrow.Struct(fields)
  const data = arrow.makeData({ type, length: selected, nullCount: 0, children })
  return new arrow.RecordBatch(new arrow.Schema(fields), data)
}

/**
 * A record batch's rows as a dense batch: as `schema` says, by position, or of the kinds that its
 * types suggest. Throws data: a type that we have no kind for, a value that the kind cannot hold.
 */
export async function fromArrow(recordBatch: RecordBatch, schema?: AnySchema): Promise<Batch> {
  const arrow = await import('apache-arrow')
  const { fields } = recordBatch.schema
  const as = schema ?? schemaOf(fields.map(f => ({ name: f.name, kind: inferKind(arrow, f) })))
  if (as.list.length !== fields.length)
    throw new Fault('data', `Arrow batch has ${fields.length} columns, expected ${as.list.length}`)
  const columns = as.list.map(({ name, kind }, j) =>
    columnFrom(arrow, { name, kind, data: recordBatch.data.children[j] as Data }),
  )
  return dense(as, columns, recordBatch.numRows)
}

function taken(column: Column, selection: Int32Array, rows: number): Column {
  const { kind, values, valid, pool } = column
  const width = lanes(kind)
  const out = newValues(kind, rows)
  for (let k = 0; k < rows; k++)
    for (let lane = 0; lane < width; lane++)
      out[width * k + lane] = values[width * (selection[k] as number) + lane] as number
  return {
    kind,
    values: out,
    valid: valid && Uint8Array.from(selection.subarray(0, rows), i => valid[i] as number),
    pool,
  }
}
