/**
 * Orders as source text: how two rows compare by some columns. Ascending or descending, a null comes
 * last (or first, for `distinctBy`); NaN is greater than all numbers, -0 equals 0; text goes by its
 * bytes. A side of a comparison is a prefix: its variables are `${side}c${j}` (values), `n` (validity),
 * `b` and `o` (bytes and offsets of the pool), and the row is an expression.
 */
import { isText, type Values } from '../../data/column.ts'
import { isWide, type Kind } from '../../data/kind.ts'
import type { Pool } from '../../data/pool.ts'

export interface OrderKey {
  readonly kind: Kind
  readonly descending: boolean
  readonly nulls: 'first' | 'last'
}
export interface Side {
  readonly name: string
  readonly row: string
}
/** What a generated comparison needs of a column. */
export interface Compared {
  readonly values: Values
  readonly valid: Uint8Array | null
  readonly pool: Pool | null
}

/** Parameters of code with comparisons: text (`compareBytes`), and the rare kinds. */
export const ORDER_PARAMETERS = ['T', 'N', 'W'] as const

/** An expression: negative where row a comes before row b, 0 where they are equal. */
export function orderCode(key: OrderKey, j: number, a: Side, b: Side): string {
  const { kind, descending, nulls } = key
  const order = valueOrder(kind, j, a, b)
  const value = descending ? `-(${order})` : `(${order})`
  if (!kind.optional) return value
  const none = (s: Side) => `(${s.name}n${j}!==null&&${s.name}n${j}[${s.row}]===0)`
  const late = nulls === 'last' ? 1 : -1
  return `(${none(a)}?${none(b)}?0:${late}:${none(b)}?${-late}:${value})`
}

/** The same over several keys, as an expression; ties are 0. */
export const orderAll = (keys: readonly OrderKey[], a: Side, b: Side): string =>
  keys.map((key, j) => orderCode(key, j, a, b)).join('||') || '0'

function valueOrder(kind: Kind, j: number, a: Side, b: Side): string {
  const [x, y] = [a, b].map(s => `${s.name}c${j}[${s.row}]`)
  if (isText(kind)) {
    const [p, q] = [a, b].map(s => `${s.name}b${j},${s.name}o${j},${s.name}c${j}[${s.row}]`)
    return `T(${p},${q})`
  }
  if (isWide(kind)) return `W(${a.name}c${j},${a.row},${b.name}c${j},${b.row})`
  if (kind.tag === 'bigint') return `(${x}<${y}?-1:${x}>${y}?1:0)`
  if (kind.tag === 'float32' || kind.tag === 'float64')
    return `(${x}<${y}?-1:${x}>${y}?1:${x}===${y}?0:N(${x},${y}))`
  return `${x}-${y}`
}

/** Statements that bind a side's variables: `column` is an expression for column j. */
export function bindSide(
  keys: readonly OrderKey[],
  name: string,
  column: (j: number) => string,
): string {
  return keys
    .map(({ kind }, j) => {
      const from = column(j)
      const text = isText(kind)
        ? `${name}b${j}=${from}.pool.bytes;${name}o${j}=${from}.pool.offsets;`
        : ''
      return `${name}c${j}=${from}.values;${name}n${j}=${from}.valid;${text}`
    })
    .join('')
}

/** Names of the variables that `bindSide` sets. */
export const sideNames = (keys: readonly OrderKey[], name: string): string[] =>
  keys.flatMap(({ kind }, j) => [
    `${name}c${j}`,
    `${name}n${j}`,
    ...(isText(kind) ? [`${name}b${j}`, `${name}o${j}`] : []),
  ])

/** Orders two numbers of which at least one is NaN. */
export const orderNan = (x: number, y: number): number => (x !== x ? 1 : 0) - (y !== y ? 1 : 0)

/** Orders wide decimals: the high half is signed, the low one is not. */
export function orderWide(x: BigInt64Array, i: number, y: BigInt64Array, j: number): number {
  const [a, b] = [x[2 * i + 1] as bigint, y[2 * j + 1] as bigint]
  if (a !== b) return a < b ? -1 : 1
  const p = BigInt.asUintN(64, x[2 * i] as bigint)
  const q = BigInt.asUintN(64, y[2 * j] as bigint)
  return p < q ? -1 : p > q ? 1 : 0
}
