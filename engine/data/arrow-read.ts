/**
 * Arrow data as one column: the reading half of `arrow.ts`. Types that others write are taken too.
 */
import type {
  Data,
  DataType,
  Decimal,
  Dictionary,
  Field,
  Struct,
  Timestamp,
  Vector,
} from 'apache-arrow'
import { Fault } from '../fault.ts'
import type { Arrow } from './arrow-write.ts'
import { checkedTexts } from './arrow-texts.ts'
import { type Column, isText, newColumn, type Values } from './column.ts'
import type { Kind } from './kind.ts'
import { isWide, withOptional } from './kind.ts'
import { Pool } from './pool.ts'
import { schemaOf, t } from './schema.ts'
import { elementOf, structOf } from './nested.ts'
import { listColumn, structColumn } from './nested-columns.ts'
import { writeUnits } from './value.ts'

interface Source {
  readonly name: string
  readonly kind: Kind
  readonly data: Data
}

/** The kind for a field's type, by what `toArrow` noted or by what comes nearest. */
export function inferKind(arrow: Arrow, field: Field): Kind {
  return withOptional(requiredKind(arrow, field), field.nullable)
}

function requiredKind(arrow: Arrow, { name, type, metadata }: Field): Kind {
  const { Type } = arrow
  const noted = metadata.get('millrace')?.replace(/\?$/, '')
  const of: DataType = type.typeId === Type.Dictionary ? (type as Dictionary).dictionary : type
  const { typeId } = of
  if (typeId === Type.Bool) return t.bool
  if (typeId === Type.Int) {
    const { bitWidth, isSigned } = of as unknown as { bitWidth: number; isSigned: boolean }
    if (bitWidth < 32 || (bitWidth === 32 && isSigned)) return t.int32
    return noted === 'bigint' ? t.bigint : t.int64
  }
  if (typeId === Type.Float)
    return (of as unknown as { precision: number }).precision === 1 ? t.float32 : t.float64
  if (typeId === Type.Decimal) return t.decimal((of as Decimal).precision, (of as Decimal).scale)
  if (typeId === Type.Date) return t.date
  if (typeId === Type.Timestamp) return (of as Timestamp).timezone ? t.timestamp : t.datetime
  if (typeId === Type.List || typeId === Type.LargeList || typeId === Type.FixedSizeList)
    return t.list(inferKind(arrow, of.children[0] as Field))
  if (typeId === Type.Struct)
    return t.struct(
      schemaOf(of.children.map((f: Field) => ({ name: f.name, kind: inferKind(arrow, f) }))),
    )
  if (noted === 'json') return t.json
  if (typeId === Type.Utf8 || typeId === Type.LargeUtf8 || typeId === Type.Utf8View) return t.utf8
  if (typeId === Type.Binary || typeId === Type.LargeBinary || typeId === Type.BinaryView)
    return t.bytes
  throw new Fault(
    'data',
    `column ${JSON.stringify(name)} has the Arrow type ${type}, for which there is no kind`,
  )
}

/** The column; shares the data's memory where the table in `arrow.ts` says so. */
export function columnFrom(arrow: Arrow, source: Source): Column {
  const { name, kind, data } = source
  const valid = validOf(data)
  if (valid !== null && !kind.optional)
    throw new Fault('data', `column ${JSON.stringify(name)} has nulls, expected ${kind.name}`)
  if (kind.tag === 'list') return listFrom(arrow, source, valid)
  if (kind.tag === 'struct') return structFrom(arrow, source, valid)
  const shared = sharedColumn(arrow, source)
  const column = shared ?? copied(arrow, source, valid)
  column.valid = valid
  return checkedTexts(name, column, data.length)
}

const mistaken = ({ name, kind, data }: Source): Fault =>
  new Fault(
    'data',
    `column ${JSON.stringify(name)}: expected ${kind.name}, got the Arrow type ${data.type}`,
  )

function listFrom(arrow: Arrow, source: Source, valid: Uint8Array | null): Column {
  const { name, kind, data } = source
  const { Type } = arrow
  const [child] = data.children
  const { length, valueOffsets } = data as unknown as { length: number; valueOffsets: Int32Array }
  if (data.typeId !== Type.List || child === undefined) throw mistaken(source)
  const element = { name: `${name}[]`, kind: elementOf(kind), data: child }
  // A slice's offsets need not begin with 0, and its child is whole.
  const offsets = valueOffsets.subarray(0, length + 1)
  const elements = columnFrom(arrow, element)
  return listColumn(kind, { offsets, elements, count: child.length }, valid)
}

function structFrom(arrow: Arrow, source: Source, valid: Uint8Array | null): Column {
  const { name, kind, data } = source
  if (data.typeId !== arrow.Type.Struct) throw mistaken(source)
  const children = (data.type as Struct).children.map((f, i) => [f.name, data.children[i]] as const)
  const fields = structOf(kind).list.map(f => {
    const found = children.find(([theirs]) => theirs === f.name)?.[1]
    const part = { name: `${name}.${f.name}`, kind: f.kind }
    if (found) {
      const column = columnFrom(arrow, { ...part, kind: partKind(f.kind, valid), data: found })
      if (!f.kind.optional) checkPart(column, valid, part)
      return column
    }
    if (f.kind.optional) return newColumn(f.kind, data.length)
    throw new Fault('data', `column ${JSON.stringify(part.name)} is missing`)
  })
  return structColumn(kind, fields, { rows: data.length, valid })
}

function checkPart(part: Column, valid: Uint8Array | null, { name, kind }: Omit<Source, 'data'>) {
  const missing = part.valid?.findIndex((v, i) => v === 0 && (valid === null || valid[i] === 1))
  if (missing !== undefined && missing >= 0)
    throw new Fault('data', `column ${JSON.stringify(name)} has nulls, expected ${kind.name}`)
}

/** Under a null struct a field may be null whatever its kind: it is not looked at. */
const partKind = (kind: Kind, valid: Uint8Array | null): Kind =>
  valid === null ? kind : kind.nullable

/** One byte a row; null where there are no nulls. */
function validOf(data: Data): Uint8Array | null {
  if (data.nullCount === 0 || data.nullBitmap.length === 0) return null
  const { nullBitmap: bits, offset, length } = data
  const valid = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    const at = offset + i
    valid[i] = ((bits[at >>> 3] as number) >>> (at & 7)) & 1
  }
  return valid
}

function sharedColumn({ Type, DateUnit }: Arrow, { kind, data }: Source): Column | null {
  const { type, length } = data
  const over = (values: Values, pool: Pool | null = null): Column => ({
    kind,
    values,
    valid: null,
    pool,
  })
  const values = data.values as unknown
  if (type.typeId === Type.Int) {
    if (kind.tag === 'int32' && values instanceof Int32Array)
      return over(values.subarray(0, length))
    if (kind.tag === 'bigint' && values instanceof BigInt64Array)
      return over(values.subarray(0, length))
  }
  if (type.typeId === Type.Float) {
    const same =
      kind.tag === 'float32' ? values instanceof Float32Array : values instanceof Float64Array
    const float = kind.tag === 'float32' || kind.tag === 'float64'
    if (float && same) return over((values as Float64Array).subarray(0, length))
  }
  if (
    type.typeId === Type.Date &&
    kind.tag === 'date' &&
    (type as never as { unit: number }).unit === DateUnit.DAY
  )
    return over((values as Int32Array).subarray(0, length))
  if (type.typeId === Type.Decimal && isWide(kind) && fits(type as Decimal, kind)) {
    const { buffer, byteOffset } = values as Uint32Array
    if (byteOffset % 8 === 0) return over(new BigInt64Array(buffer, byteOffset, length * 2))
  }
  if (type.typeId !== Type.Dictionary || !isText(kind) || !(values instanceof Int32Array))
    return null
  const pool = poolOver({ Type }, data.dictionary as Vector)
  return pool === null ? null : over(values.subarray(0, length), pool)
}

const fits = (type: Decimal, kind: Kind): boolean =>
  type.bitWidth === 128 && type.scale === kind.scale && type.precision <= kind.precision

/** A pool over a dictionary's own buffers, where it is in one piece that starts at 0. */
function poolOver({ Type }: Pick<Arrow, 'Type'>, dictionary: Vector): Pool | null {
  const [entries] = dictionary.data
  if (dictionary.data.length !== 1 || entries === undefined || entries.nullCount > 0) return null
  if (entries.typeId !== Type.Utf8 && entries.typeId !== Type.Binary) return null
  const offsets = entries.valueOffsets as Int32Array
  if (!(offsets instanceof Int32Array) || offsets[0] !== 0) return null
  return Pool.over(entries.values as Uint8Array, offsets, entries.length)
}

/**
 * Reads value by value: what no buffer can be shared for. A null entry of a dictionary is refused.
 */
function copied(arrow: Arrow, { name, kind, data }: Source, valid: Uint8Array | null): Column {
  const vector = new arrow.Vector([data])
  const column = newColumn(kind, data.length)
  const raw = data.values as ArrayLike<number | bigint>
  for (let i = 0; i < data.length; i++) {
    if (valid !== null && valid[i] === 0) continue
    const stored = store(arrow, { name, kind, data }, { column, i, raw, value: vector })
    if (!stored) {
      const got = String(vector.get(i)).slice(0, 80)
      throw new Fault(
        'data',
        `column ${JSON.stringify(name)}, row ${i}: expected ${kind.name}, got ${got} (${data.type})`,
      )
    }
  }
  return column
}

interface Cell {
  readonly column: Column
  readonly i: number
  readonly raw: ArrayLike<number | bigint>
  readonly value: Vector
}

/** False where the value is none of the kind's. */
function store(arrow: Arrow, { kind, data }: Source, { column, i, raw, value }: Cell): boolean {
  const { Type } = arrow
  const { type } = data
  const { values, pool } = column
  if (pool !== null) {
    const got: unknown = value.get(i)
    if (kind.tag !== 'bytes' ? typeof got !== 'string' : !(got instanceof Uint8Array)) return false
    values[i] =
      typeof got === 'string'
        ? pool.internString(got)
        : pool.intern(got as Uint8Array, 0, (got as Uint8Array).length)
    return true
  }
  if (type.typeId === Type.Bool) {
    values[i] = value.get(i) ? 1 : 0
    return kind.tag === 'bool'
  }
  if (type.typeId === Type.Decimal)
    return storeDecimal(type as Decimal, column, raw as Uint32Array, i)
  if (type.typeId === Type.Timestamp) {
    const micros = toMicros((type as Timestamp).unit, raw[i] as bigint)
    values[i] = Number(micros)
    return (kind.tag === 'timestamp' || kind.tag === 'datetime') && Number.isSafeInteger(values[i])
  }
  if (type.typeId === Type.Date) {
    values[i] = Number(value.get(i)) / 86_400_000
    return kind.tag === 'date' && Number(value.get(i)) % 86_400_000 === 0
  }
  if (type.typeId === Type.Float) {
    values[i] = value.get(i) as number
    return kind.tag === 'float64' || kind.tag === 'float32'
  }
  return type.typeId === Type.Int && storeInt(kind, values, i, raw[i] as number | bigint)
}

function storeInt(kind: Kind, values: Values, i: number, stored: number | bigint): boolean {
  if (kind.tag === 'bigint') {
    values[i] = BigInt(stored) as never
    return values[i] === (BigInt(stored) as never)
  }
  const value = Number(stored)
  values[i] = value
  if (kind.tag === 'int32') return values[i] === value
  return kind.tag === 'int64' ? Number.isSafeInteger(value) : kind.tag === 'float64'
}

function storeDecimal(type: Decimal, column: Column, words: Uint32Array, i: number): boolean {
  const { kind } = column
  if (kind.tag !== 'decimal' || !fits(type, kind)) return false
  const [w0, w1, w2, w3] = [0, 1, 2, 3].map(w => BigInt(words[4 * i + w] as number)) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ]
  const units = BigInt.asIntN(128, w0 | (w1 << 32n) | (w2 << 64n) | (w3 << 96n))
  writeUnits(column, i, units)
  return isWide(kind) || Number.isSafeInteger(Number(units))
}

/**
 * Arrow's units: 0 seconds, 1 milli-, 2 micro-, 3 nanoseconds (rounded down to whole microseconds).
 */
function toMicros(unit: number, stored: bigint): bigint {
  if (unit === 3) return BigInt.asIntN(64, stored - (((stored % 1000n) + 1000n) % 1000n)) / 1000n
  return stored * 1000n ** BigInt(2 - unit)
}
