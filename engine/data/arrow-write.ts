/**
 * One column as Arrow data: the writing half of `arrow.ts`, which has the table of what is shared.
 */
import type { Data, DataType, Field } from 'apache-arrow'
import type { Column } from './column.ts'
import { isWide, type Kind } from './kind.ts'
import { structOf } from './nested.ts'
import { fieldsOf, listsOf } from './nested-columns.ts'
import type { Pool } from './pool.ts'

export type Arrow = typeof import('apache-arrow')

/** The first `rows` rows of the column. */
export function dataOf(arrow: Arrow, column: Column, rows: number): Data {
  const { valid } = column
  const nullBitmap = valid === null ? null : toBits(valid, rows)
  const { type, ...props } = partsOf(arrow, column, rows)
  // The overloads of makeData go by the type's class, which is known at run time only.
  return arrow.makeData({ type, length: rows, nullBitmap, ...props } as never) as Data
}

interface Parts {
  readonly type: DataType
  readonly data?: unknown
  readonly dictionary?: unknown
  readonly valueOffsets?: Int32Array
  readonly child?: Data
  readonly children?: readonly Data[]
}

/** A field, with its kind's name, by which int64, bigint and json come back as they were. */
export const fieldOf = (arrow: Arrow, name: string, kind: Kind, type: DataType): Field =>
  new arrow.Field(name, type, kind.optional, new Map([['millrace', kind.name]]))

function partsOf(arrow: Arrow, column: Column, rows: number): Parts {
  const { kind, values } = column
  const { tag, precision, scale } = kind
  switch (tag) {
    case 'int32':
      return { type: new arrow.Int32(), data: values.subarray(0, rows) }
    case 'bigint':
      return { type: new arrow.Int64(), data: values.subarray(0, rows) }
    case 'float32':
      return { type: new arrow.Float32(), data: values.subarray(0, rows) }
    case 'float64':
      return { type: new arrow.Float64(), data: values.subarray(0, rows) }
    case 'date':
      return { type: new arrow.DateDay(), data: values.subarray(0, rows) }
    case 'bool':
      return { type: new arrow.Bool(), data: toBits(values as Uint8Array, rows) }
    case 'int64':
      return { type: new arrow.Int64(), data: toBigints(values as Float64Array, rows) }
    case 'timestamp':
      return {
        type: new arrow.TimestampMicrosecond('UTC'),
        data: toBigints(values as Float64Array, rows),
      }
    case 'datetime':
      return {
        type: new arrow.TimestampMicrosecond(),
        data: toBigints(values as Float64Array, rows),
      }
    case 'decimal': {
      const words = isWide(kind)
        ? new Uint32Array(values.buffer, values.byteOffset, rows * 4)
        : toWords(values as Float64Array, rows)
      return { type: new arrow.Decimal(scale, precision, 128), data: words }
    }
    case 'list': {
      const { offsets, elements, count } = listsOf(column, rows)
      const child = dataOf(arrow, elements, count)
      const type = new arrow.List(fieldOf(arrow, 'element', elements.kind, child.type))
      return { type, valueOffsets: offsets, child }
    }
    case 'struct': {
      const { list } = structOf(kind)
      const children = fieldsOf(column, rows).map(field => dataOf(arrow, field, rows))
      const fields = list.map((f, i) => fieldOf(arrow, f.name, f.kind, (children[i] as Data).type))
      return { type: new arrow.Struct(fields), children }
    }
    default: {
      const entries = tag !== 'bytes' ? new arrow.Utf8() : new arrow.Binary()
      const dictionary = new arrow.Vector([entriesOf(arrow, entries, column.pool as Pool)])
      const type = new arrow.Dictionary(entries, new arrow.Int32())
      return { type, data: values.subarray(0, rows), dictionary }
    }
  }
}

function entriesOf(arrow: Arrow, type: DataType, { bytes, offsets, count, size }: Pool): Data {
  const valueOffsets = offsets.subarray(0, count + 1)
  return arrow.makeData({
    type,
    length: count,
    nullCount: 0,
    valueOffsets,
    data: bytes.subarray(0, size),
  } as never)
}

function toBits(flags: Uint8Array, rows: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(rows / 64) * 8)
  for (let i = 0; i < rows; i++)
    if (flags[i] !== 0) bits[i >>> 3] = (bits[i >>> 3] as number) | (1 << (i & 7))
  return bits
}

function toBigints(values: Float64Array, rows: number): BigInt64Array {
  const out = new BigInt64Array(rows)
  for (let i = 0; i < rows; i++) out[i] = BigInt(values[i] as number)
  return out
}

/** Doubles as 128-bit integers: four words a row, the lowest first. */
function toWords(values: Float64Array, rows: number): Uint32Array {
  const out = new Uint32Array(rows * 4)
  for (let i = 0; i < rows; i++) {
    const value = values[i] as number
    const high = Math.floor(value / 2 ** 32)
    out[4 * i] = value - high * 2 ** 32
    out[4 * i + 1] = high
    if (value < 0) out.fill(0xffffffff, 4 * i + 2, 4 * i + 4)
  }
  return out
}
