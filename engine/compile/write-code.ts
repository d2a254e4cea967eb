/**
 * Source text that stores a lambda's result, by kind: the emitted twin of `writeValue`. The common
 * case is inline; whatever it does not accept goes to `W` (writeValue), which stores it or throws a
 * ValueError saying what was expected. Variables by slot as in `read-code.ts`, and t (Texts) for utf8.
 */
import { isWide, type Kind } from '../data/kind.ts'
import type { Column } from '../data/column.ts'
import { DAY_MS, POW10, writeValue } from '../data/value.ts'
import type { Pool } from '../data/pool.ts'
import { key } from './read-code.ts'

/** Statements that store the variable `x` at row `i` of a slot. `name`: the column's, for what `W` throws. */
export function writeCode(kind: Kind, slot: number, i: string, x: string, name?: string): string {
  const quick = quickCode(kind, `c${slot}[${i}]`, x, slot)
  const slow = `W(k${slot},${i},${x}${name === undefined ? '' : `,${key(name)}[0]`})`
  if (quick === null) return `${slow};`
  const valid = kind.optional ? `n${slot}[${i}]=1;` : ''
  return `if(${quick.test}){${quick.store};${valid}}else ${slow};`
}

/** As `writeValue`, with the column's name before what it says: a row's value, not a single result. */
export function writeNamed(column: Column, i: number, value: unknown, name?: string): void {
  try {
    writeValue(column, i, value)
  } catch (error) {
    if (name !== undefined && error instanceof Error)
      error.message = `column ${JSON.stringify(name)}: ${error.message}`
    throw error
  }
}

function quickCode(kind: Kind, target: string, x: string, slot: number) {
  if (isWide(kind) || kind.values !== null) return null
  switch (kind.tag) {
    case 'bool':
      return { test: `${x}===true||${x}===false`, store: `${target}=${x}?1:0` }
    case 'int32':
      return { test: `typeof ${x}==='number'&&(${x}|0)===${x}`, store: `${target}=${x}` }
    case 'int64':
      return { test: `Number.isSafeInteger(${x})`, store: `${target}=${x}+0` }
    case 'float32':
    case 'float64':
      return { test: `typeof ${x}==='number'`, store: `${target}=${x}` }
    case 'date':
      return {
        test: `typeof ${x}==='number'&&(${x}/${DAY_MS}|0)*${DAY_MS}===${x}`,
        store: `${target}=${x}/${DAY_MS}`,
      }
    case 'timestamp':
    case 'datetime':
      return {
        test: `typeof ${x}==='number'&&${x}<=8.64e15&&${x}>=-8.64e15`,
        store: `${target}=Math.round(${x}*1000)+0`,
      }
    case 'decimal': {
      const scaled = `(${x}*${POW10[kind.scale]})`
      const limit = Math.min(4e15, POW10[kind.precision] as number)
      return {
        test: `typeof ${x}==='number'&&(u=Math.round(${scaled}))<${limit}&&u>-${limit}&&(o=${scaled}-u)>-0.499&&o<0.499`,
        store: `${target}=u+0`,
      }
    }
    case 'utf8':
      return { test: `typeof ${x}==='string'`, store: `${target}=t${slot}.code(${x})` }
    default:
      return null
  }
}

/** JS strings to codes of one pool, through a Map: most results of a lambda repeat. */
export class Texts {
  readonly pool: Pool
  #codes = new Map<string, number>()
  #last = ''
  #lastCode = -1
  constructor(pool: Pool) {
    this.pool = pool
  }
  code(text: string): number {
    if (text === this.#last && this.#lastCode >= 0) return this.#lastCode
    let code = this.#codes.get(text)
    if (code === undefined) {
      code = this.pool.internString(text)
      this.#codes.set(text, code)
    }
    this.#last = text
    this.#lastCode = code
    return code
  }
}
