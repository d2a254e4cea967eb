/**
 * Source text that reads a column's value, by kind: the emitted twin of `readValue`. Variables are
 * named by slot: c (values), n (validity), s (the pool's JS strings), p (the pool), k (the column);
 * `at` is how they are reached (empty for locals, `this.$` in a view). Names from a schema enter
 * generated source in one place, `key`, as JSON strings.
 */
import { isText } from '../data/column.ts'
import { isWide, type Kind } from '../data/kind.ts'
import { DAY_MS, POW10 } from '../data/value.ts'

/** A property key as source text: quoted and escaped, computed so that `__proto__` is an own property. */
export const key = (name: string): string =>
  `[${JSON.stringify(name).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}]`

/** An expression for the value at row `i`; needs `R` (readValue) in scope for the rare kinds. */
export function readCode(kind: Kind, slot: number, i: string, at = ''): string {
  const value = requiredCode(kind, slot, i, at)
  return kind.optional ? `(${at}n${slot}!==null&&${at}n${slot}[${i}]===0?null:${value})` : value
}

function requiredCode(kind: Kind, slot: number, i: string, at: string): string {
  const stored = `${at}c${slot}[${i}]`
  const slow = `R(${at}k${slot},${i})`
  if (isWide(kind) || (isText(kind) && kind.tag !== 'utf8')) return slow
  switch (kind.tag) {
    case 'utf8':
      return `(${at}s${slot}[${stored}]??${at}p${slot}.string(${stored}))`
    case 'bool':
      return `(${stored}===1)`
    case 'decimal':
      return kind.scale === 0 ? stored : `(${stored}/${POW10[kind.scale]})`
    case 'date':
      return `(${stored}*${DAY_MS})`
    case 'timestamp':
    case 'datetime':
      return `(${stored}<=4503599627370496&&${stored}>=-4503599627370496?${stored}/1000:${slow})`
    default:
      return stored
  }
}
