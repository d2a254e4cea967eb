/**
 * Times of any unit to microseconds. Nanoseconds that would be lost are a fault, not a rounding. A
 * file's local times are our `datetime`, its instants our `timestamp`; INT96, which says neither, is
 * taken for both. Source of INT96: nanoseconds of the day, then a Julian day, as Impala wrote it.
 */
import type { Kind } from '../../../engine/data/kind.ts'
import { Fault } from '../../../engine/fault.ts'
import { type Conversion, type Converted, toDoubles, within } from './converted.ts'
import { FLAW } from './flaws.ts'
import { TYPE } from './format.ts'
import { type Leaf, leafType } from './leaf.ts'
import type { Raw } from './plain-read.ts'

const JULIAN_1970 = 2440588
const DAY_MICROS = 86_400e6

export function timeConversion(leaf: Leaf, kind: Kind): Conversion | null {
  const { type, meaning } = leaf
  if (kind.tag !== 'timestamp' && kind.tag !== 'datetime') return null
  if (type === TYPE.INT96) return raw => julian(raw, leaf)
  if (type !== TYPE.INT64 || meaning.is !== 'timestamp') return null
  if (meaning.utc !== (kind.tag === 'timestamp')) return null
  if (meaning.unit === 'MICROS') return raw => exactly(raw, 1n, toDoubles(raw))
  return meaning.unit === 'MILLIS' ? fromMillis : raw => fromNanos(raw, leaf)
}

function fromMillis(raw: Raw): Converted {
  const values = toDoubles(raw)
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * 1000
  return exactly(raw, 1000n, values)
}

/**
 * Past ±2^53 a double holds some microseconds and not others: those of the years 1 and 9999 that
 * stand for "none" in many tables are held.
 */
function exactly({ words, count }: Raw, factor: bigint, values: Float64Array): Converted {
  let flaws: Uint8Array | null = null
  for (let i = 0; i < count; i++) {
    const v = values[i] as number
    if (v <= Number.MAX_SAFE_INTEGER && v >= -Number.MAX_SAFE_INTEGER) continue
    const stored =
      (BigInt(words[2 * i + 1] as number) << 32n) | BigInt((words[2 * i] as number) >>> 0)
    if (BigInt(v) === stored * factor) continue
    flaws ??= new Uint8Array(count)
    flaws[i] = FLAW.range
    values[i] = 0
  }
  return { values, flaws }
}

/** In 64 bits: nanoseconds of today lie beyond 2^53. */
function fromNanos({ words, count }: Raw, leaf: Leaf): Converted {
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const high = words[2 * i + 1] as number
    const low = (words[2 * i] as number) >>> 0
    // 2^32 = 4294967 × 1000 + 296: quotient and rest of each half, then of the rests together.
    const rest = high * 296 + low
    const micros = Math.floor(rest / 1000)
    if (rest !== micros * 1000) throw lost(leaf)
    values[i] = high * 4294967 + micros
  }
  return within(values)
}

function julian({ words, count }: Raw, leaf: Leaf): Converted {
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const nanos = (words[3 * i + 1] as number) * 4294967296 + ((words[3 * i] as number) >>> 0)
    if (nanos % 1000 !== 0) throw lost(leaf)
    values[i] = ((words[3 * i + 2] as number) - JULIAN_1970) * DAY_MICROS + nanos / 1000
  }
  return within(values)
}

const lost = (leaf: Leaf): Fault =>
  new Fault(
    'data',
    `column ${JSON.stringify(leaf.name)} (${leafType(leaf)}) has nanoseconds that microseconds cannot hold`,
    { hint: 'round it to microseconds where the file is written' },
  )
