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
 * | json                | BYTE_ARRAY               | JSON                        |
 * | list                | a group, `list.element`  | LIST                        |
 * | struct              | a group of its fields    |                             |
 */
import type { Kind } from '../../../engine/data/kind.ts'
import { TYPE } from './format.ts'

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
    case 'json':
      return TYPE.BYTE_ARRAY
    case 'decimal':
      return precision <= 9 ? TYPE.INT32 : precision <= 18 ? TYPE.INT64 : TYPE.FIXED_LEN_BYTE_ARRAY
    default:
      return TYPE.INT64
  }
}
