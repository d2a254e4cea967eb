/**
 * Partition values as Hive's folder names, `month=2011-01-01`: `%XX` for each byte that could leave the
 * folder or confuse a reader. Two values never share a name, and none is longer than file systems take.
 */
import type { Column } from '../data/column.ts'
import { isWide } from '../data/kind.ts'
import { DAY_MS, readUnits } from '../data/value.ts'
import { Fault } from '../fault.ts'

const NULL_NAME = '__HIVE_DEFAULT_PARTITION__'
/** What ext4, XFS and APFS take. */
const NAME_BYTES_MAX = 255
const PLAIN = /^[\p{L}\p{N} _.,+()@~!$&;-]$/u

/** Throws data: the name would be longer than a folder's may be. */
export function hiveName(column: string, value: string | null): string {
  const name = `${escaped(column)}=${value === null ? NULL_NAME : escapedValue(value)}`
  if (Buffer.byteLength(name) <= NAME_BYTES_MAX) return name
  throw new Fault(
    'data',
    `a value of ${JSON.stringify(column)} makes a folder's name of ${Buffer.byteLength(name)} bytes, ${NAME_BYTES_MAX} are possible`,
    { detail: [`value  ${name.slice(0, 80)}…`], hint: 'partition by a column of shorter values' },
  )
}

function escapedValue(value: string): string {
  // As readers take these words for null, a text of the same letters has its first one escaped.
  if (value === NULL_NAME || /^null$/i.test(value))
    return `%${value.charCodeAt(0).toString(16).toUpperCase()}${value.slice(1)}`
  return escaped(value)
}

function escaped(text: string): string {
  let out = ''
  for (const char of text) out += PLAIN.test(char) ? char : percent(char)
  return /^\.+$/.test(out) ? out.replaceAll('.', '%2E') : out
}

const percent = (char: string): string =>
  [...Buffer.from(char)].map(b => `%${b.toString(16).toUpperCase().padStart(2, '0')}`).join('')

/** A partition value as text, exactly: times with all their microseconds, bytes as base64. */
export function partitionText(column: Column, row: number): string | null {
  const { kind, values, valid, pool } = column
  if (valid?.[row] === 0) return null
  const value = values[row] as number
  switch (kind.tag) {
    case 'utf8':
      return pool?.string(value) ?? ''
    case 'bytes':
      return Buffer.from(pool?.view(value) ?? []).toString('base64')
    case 'bool':
      return value === 1 ? 'true' : 'false'
    case 'date':
      return isoOf(value * DAY_MS).split('T')[0] as string
    case 'timestamp':
    case 'datetime':
      return clockText(value)
    case 'decimal':
      return decimalText(readUnits(column, row), kind.scale)
    default:
      return String(value)
  }
}

const isoOf = (ms: number): string => new Date(ms).toISOString()

/** `2011-01-31 08:26:00`, with as many digits of the second as it has. */
function clockText(micros: number): string {
  const seconds = Math.floor(micros / 1e6)
  const rest = micros - seconds * 1e6
  const text = isoOf(seconds * 1000)
    .replace('T', ' ')
    .replace('.000Z', '')
  return rest === 0 ? text : `${text}.${String(rest).padStart(6, '0').replace(/0+$/, '')}`
}

function decimalText(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  const at = digits.length - scale
  return `${units < 0n ? '-' : ''}${digits.slice(0, at)}${scale > 0 ? `.${digits.slice(at)}` : ''}`
}

/** Whether two rows have the same partition value, as keys do: NaN is NaN, -0 is 0. */
export function samePartition(column: Column, a: number, b: number): boolean {
  const { kind, values, valid, pool } = column
  if (valid && (valid[a] === 0 || valid[b] === 0)) return valid[a] === valid[b]
  if (isWide(kind)) return readUnits(column, a) === readUnits(column, b)
  if (values[a] === values[b]) return true
  if (pool === null) return Number.isNaN(values[a]) && Number.isNaN(values[b])
  if (pool.unique) return false
  return Buffer.compare(pool.view(values[a] as number), pool.view(values[b] as number)) === 0
}
