/** Which type of JSON value each kind takes: no number is read from a text, no text from a number. */
import type { Kind } from '../../../../engine/data/kind.ts'
import { type Fields, QUOTE } from '../fields.ts'

const MINUS = 45

/** A value's first byte, 34 where it is a text. */
export type Takes = (first: number, f: Fields, p: number) => boolean

export const isNumber: Takes = first => first === MINUS || (first - 48) >>> 0 <= 9
export const isText: Takes = first => first === QUOTE
export const isBool: Takes = first => first === 116 || first === 102

/** What JSON writes for numbers that it has no number for; our sink does too. */
const NAMED = ['NaN', 'Infinity', '-Infinity']
export const isFloat: Takes = (first, f, p) =>
  isNumber(first, f, p) ||
  (first === QUOTE &&
    NAMED.includes(f.bytes.utf8Slice(f.at[p] as number, Math.max(0, f.at[p + 1] as number))))
/** Whole numbers past 2^53 are often written as texts. */
export const isBigint: Takes = (first, f, p) => isNumber(first, f, p) || first === QUOTE
export const isTime: Takes = (first, f, p) =>
  isNumber(first, f, p) || (first === QUOTE && !isEpoch(f, p))
/** A text of digits alone is no date: numbers stand without quotes. */
const isEpoch = (f: Fields, p: number): boolean =>
  f.bytes[(f.at[p] as number) + 4] !== MINUS &&
  /^-?\d+$/.test(
    f.bytes.utf8Slice(f.at[p] as number, Math.max(0, f.at[p + 1] as number)).slice(0, 30),
  )

const TAKES: { readonly [tag: string]: Takes } = {
  bool: isBool,
  int32: isNumber,
  int64: isNumber,
  bigint: isBigint,
  float32: isFloat,
  float64: isFloat,
  decimal: isNumber,
  utf8: isText,
  bytes: isText,
  date: isText,
  datetime: isText,
  timestamp: isTime,
  json: () => true,
  list: first => first === 91,
  struct: first => first === 123,
}

/** `epoch`: a timestamp may be a number, epoch milliseconds. */
export const takesOf = ({ tag }: Kind, epoch: boolean): Takes =>
  tag === 'timestamp' && !epoch ? isText : (TAKES[tag] as Takes)
