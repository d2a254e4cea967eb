/**
 * How each kind is stored in a Parquet file.
 *
 * | kind                | physical type            | logical type                |
 * |---------------------|--------------------------|-----------------------------|
 * | bool                | BOOLEAN                  |                             |
 * | int32               | INT32                    |                             |
 * | int64, bigint       | INT64                    |                             |
 * | float32, float64    | FLOAT, DOUBLE            |                             |
 * | decimal p ≤ 9       | INT32                    | DECIMAL                     |
 * | decimal p ≤ 18      | INT64                    | DECIMAL                     |
 * | decimal p ≤ 38      | FIXED_LEN_BYTE_ARRAY(16) | DECIMAL                     |
 * | utf8, bytes         | BYTE_ARRAY               | STRING, none                |
 * | date                | INT32                    | DATE                        |
 * | timestamp, datetime | INT64                    | TIMESTAMP(MICROS; UTC, not) |
 */
import type { Kind } from '../../../engine/data/kind.ts'
import { TYPE } from './format.ts'
import type { ThriftWriter } from './thrift-write.ts'

export function physicalType({ tag, precision }: Kind): number {
  switch (tag) {
    case 'bool':
      return TYPE.BOOLEAN
    case 'int32':
    case 'date':
      return TYPE.INT32
    case 'float32':
      return TYPE.FLOAT
    case 'float64':
      return TYPE.DOUBLE
    case 'utf8':
    case 'bytes':
      return TYPE.BYTE_ARRAY
    case 'decimal':
      return precision <= 9 ? TYPE.INT32 : precision <= 18 ? TYPE.INT64 : TYPE.FIXED_LEN_BYTE_ARRAY
    default:
      return TYPE.INT64
  }
}

const CONVERTED: { readonly [tag: string]: number } = {
  utf8: 0,
  decimal: 5,
  date: 6,
  timestamp: 10,
  // The specification wants local times marked so too, for readers that know converted types only.
  datetime: 10,
}

/** A leaf of the schema. */
export function writeSchemaElement(w: ThriftWriter, name: string, kind: Kind): void {
  const type = physicalType(kind)
  w.open()
  w.i32(1, type)
  if (type === TYPE.FIXED_LEN_BYTE_ARRAY) w.i32(2, 16)
  w.i32(3, kind.optional ? 1 : 0)
  w.text(4, name)
  const converted = CONVERTED[kind.tag]
  if (converted !== undefined) w.i32(6, converted)
  if (kind.tag === 'decimal') {
    w.i32(7, kind.scale)
    w.i32(8, kind.precision)
  }
  if (converted !== undefined) writeLogicalType(w, kind)
  w.close()
}

function writeLogicalType(w: ThriftWriter, { tag, scale, precision }: Kind): void {
  w.open(10)
  if (tag === 'utf8') w.open(1)
  else if (tag === 'date') w.open(6)
  else if (tag === 'decimal') {
    w.open(5)
    w.i32(1, scale)
    w.i32(2, precision)
  } else {
    w.open(8)
    w.bool(1, tag === 'timestamp')
    w.open(2)
    w.open(2)
    w.close()
    w.close()
  }
  w.close()
  w.close()
}
