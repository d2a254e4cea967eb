/**
 * One value between a column and JS: the slow, plain form of what generated kernels do inline. The
 * interpreter, `create`, side inputs and error messages use it; the emitter's code must agree with
 * it, and the conformance suite holds the two together.
 */
import { type Column, isText } from './column.ts'
import { isWide } from './kind.ts'
import { decodeNested, encodeNested } from './nested.ts'
import { readPlain, ValueError, writePlain, writeUnits } from './plain.ts'

export * from './plain.ts'

/** The value of row i as a lambda sees it. Throws ValueError where a number would be rounded silently. */
export function readValue(column: Column, i: number): unknown {
  const { kind, values, valid, pool } = column
  if (valid !== null && valid[i] === 0) return null
  if (pool !== null) {
    const code = values[i] as number
    if (kind.tag === 'utf8') return pool.string(code)
    const bytes = pool.view(code)
    return kind.tag === 'bytes' ? Uint8Array.from(bytes) : decodeNested(kind, bytes)
  }
  return readPlain(column, i)
}

/**
 * Stores a JS value at row i, checked against the kind. Throws ValueError: another type, null where
 * none may be, a fraction in an integer, overflow, a time of day in a date.
 */
export function writeValue(column: Column, i: number, value: unknown): void {
  const { kind, values, valid } = column
  if (value === null || value === undefined) {
    if (valid === null || !kind.optional) throw new ValueError(kind, value)
    valid[i] = 0
    if (isWide(kind)) writeUnits(column, i, 0n)
    else if (values instanceof BigInt64Array) values[i] = 0n
    else values[i] = 0
    return
  }
  if (isText(kind)) writeText(column, i, value)
  else writePlain(column, i, value)
  if (valid !== null) valid[i] = 1
}

function writeText({ kind, values, pool: own }: Column, i: number, value: unknown): void {
  const pool = own as NonNullable<typeof own>
  if (kind.tag === 'utf8') {
    if (typeof value !== 'string') throw new ValueError(kind, value)
    if (kind.values !== null && !kind.values.includes(value)) throw new ValueError(kind, value)
    values[i] = pool.internString(value)
    return
  }
  if (kind.tag === 'bytes' && !(value instanceof Uint8Array)) throw new ValueError(kind, value)
  const bytes = kind.tag === 'bytes' ? (value as Uint8Array) : encodeNested(kind, value)
  const { length } = bytes
  values[i] = pool.unique ? pool.intern(bytes, 0, length) : pool.append(bytes, 0, length)
}
