/** Values of fixed width as binary COPY has them: big-endian, dates and times from 2000-01-01. */
import type { Column } from '../../../engine/data/column.ts'
import { readUnits } from '../../../engine/data/value.ts'
import { writeNumeric } from './numeric.ts'

const EPOCH_DAYS = 10_957
const EPOCH_MICROS = 946_684_800_000_000n
/** 4713 BC, from which Postgres counts. */
const FIRST_MICROS = -210_866_803_200_000_000n
const FIRST_DAY = -2_440_588
const LAST_MICROS = 9_224_318_016_000_000_000n

/** The bytes that it took. Throws RangeError: Postgres has no place for it. */
export function fixed(view: DataView, at: number, column: Column, row: number): number {
  const { kind, values } = column
  const value = values[row] as number
  switch (kind.tag) {
    case 'bool':
      view.setUint8(at, value)
      return 1
    case 'int32':
      view.setInt32(at, value)
      return 4
    case 'date':
      if (value < FIRST_DAY) throw new RangeError('a date before 4713 BC has no place in postgres')
      view.setInt32(at, value - EPOCH_DAYS)
      return 4
    case 'float32':
      view.setFloat32(at, value)
      return 4
    case 'float64':
      view.setFloat64(at, value)
      return 8
    case 'int64':
      view.setBigInt64(at, BigInt(value))
      return 8
    case 'bigint':
      view.setBigInt64(at, (values as BigInt64Array)[row] as bigint)
      return 8
    case 'timestamp':
    case 'datetime':
      view.setBigInt64(at, microsOf(value))
      return 8
    default:
      return writeNumeric(view, at, readUnits(column, row), kind.scale)
  }
}

function microsOf(value: number): bigint {
  const micros = BigInt(value)
  if (micros >= FIRST_MICROS && micros < LAST_MICROS) return micros - EPOCH_MICROS
  throw new RangeError('a time before 4713 BC or after 294276 has no place in postgres')
}
