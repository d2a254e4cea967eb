/**
 * From a file's types to ours, where nothing is lost. A conversion turns stored values into a
 * column's layout and flags the values that do not fit; which conversion applies is decided once a
 * column, from the types alone.
 */
import type { Kind } from '../../../engine/data/kind.ts'
import { decimalConversion } from './convert-decimal.ts'
import { type Conversion, clean, exact, toDoubles, within } from './converted.ts'
import { timeConversion } from './convert-time.ts'
import { FLAW } from './flaws.ts'
import { TYPE } from './format.ts'
import type { Leaf, Meaning } from './leaf.ts'

/** How the leaf's values become `kind`; null where that is not lossless. Text is not converted. */
export function conversionOf(leaf: Leaf, kind: Kind): Conversion | null {
  const { type, meaning } = leaf
  switch (kind.tag) {
    case 'bool':
      return type === TYPE.BOOLEAN
        ? raw => clean(Uint8Array.from(raw.words.subarray(0, raw.count)))
        : null
    case 'int32':
      return type === TYPE.INT32 && fitsInt32(meaning) ? singles : null
    case 'date':
      return type === TYPE.INT32 && meaning.is === 'date' ? singles : null
    case 'int64':
      return wholeConversion(leaf)
    case 'bigint':
      return bigintConversion(leaf)
    case 'float32':
      return type === TYPE.FLOAT
        ? raw => clean(new Float32Array(exact(raw, 1), 0, raw.count))
        : null
    case 'float64':
      return floatConversion(leaf)
    case 'decimal':
      return decimalConversion(leaf, kind)
    default:
      return timeConversion(leaf, kind)
  }
}

/** Whether text or bytes can be read as they are. */
export function takesText({ type, meaning }: Leaf, kind: Kind): boolean {
  if (kind.tag === 'json') return type === TYPE.BYTE_ARRAY && ['json', 'text'].includes(meaning.is)
  if (kind.tag === 'bytes')
    return (
      (type === TYPE.BYTE_ARRAY || type === TYPE.FIXED_LEN_BYTE_ARRAY) && meaning.is !== 'decimal'
    )
  // Old writers leave text without an annotation: then its bytes decide, row by row.
  return type === TYPE.BYTE_ARRAY && ['text', 'json', 'none'].includes(meaning.is)
}

const singles: Conversion = raw => clean(new Int32Array(exact(raw, 1)))

const integer = (meaning: Meaning): boolean => meaning.is === 'none' || meaning.is === 'integer'
const unsigned = (meaning: Meaning): boolean => meaning.is === 'integer' && !meaning.signed
const fitsInt32 = (meaning: Meaning): boolean =>
  meaning.is === 'none' || (meaning.is === 'integer' && (meaning.signed || meaning.bits < 32))

function wholeConversion({ type, meaning }: Leaf): Conversion | null {
  if (!integer(meaning)) return null
  const plain = !unsigned(meaning)
  if (type === TYPE.INT64) return raw => within(toDoubles(raw, plain))
  if (type !== TYPE.INT32) return null
  return ({ words, count }) => {
    const values = new Float64Array(count)
    for (let i = 0; i < count; i++)
      values[i] = plain ? (words[i] as number) : (words[i] as number) >>> 0
    return clean(values)
  }
}

function bigintConversion({ type, meaning }: Leaf): Conversion | null {
  if (!integer(meaning)) return null
  const signed = !unsigned(meaning)
  if (type === TYPE.INT64)
    return raw => {
      const values = new BigInt64Array(exact(raw, 2))
      if (signed || values.every(v => v >= 0n)) return clean(values)
      const flaws = Uint8Array.from(values, v => (v < 0n ? FLAW.range : 0))
      return { values: values.map(v => (v < 0n ? 0n : v)), flaws }
    }
  if (type !== TYPE.INT32) return null
  return ({ words, count }) => {
    const values = new BigInt64Array(count)
    for (let i = 0; i < count; i++)
      values[i] = BigInt(signed ? (words[i] as number) : (words[i] as number) >>> 0)
    return clean(values)
  }
}

function floatConversion({ type, meaning }: Leaf): Conversion | null {
  if (type === TYPE.DOUBLE) return raw => clean(new Float64Array(exact(raw, 2)))
  if (type === TYPE.FLOAT) return raw => clean(Float64Array.from(new Float32Array(exact(raw, 1))))
  if (type !== TYPE.INT32 || !integer(meaning)) return null
  return wholeConversion({ type, meaning } as Leaf)
}
