/**
 * Results that need not be computed again. A lambda is pure, so where `rowReads` proves which columns
 * it reads, equal values of these have equal results: of a text column by its code, for as long as its
 * dictionary stays; of others where the row before had the same. Sorted and nested data is full of
 * both (the lines of an order have one date), and no loop written by hand does this.
 *
 * Not for floats, as -0 equals 0 and a lambda can tell them apart; by rows only where the lambda calls
 * something, as an operator or two cost no more than the comparison.
 */
import { isText } from '../data/column.ts'
import { isWide, type Kind } from '../data/kind.ts'
import { rowReads } from '../plan/row-reads.ts'
import type { Bound, Env } from './env.ts'

export type Repeat =
  | { readonly by: 'code'; readonly of: Bound }
  | { readonly by: 'row'; readonly of: readonly Bound[] }

const COLUMNS_MAX = 3
const FLOATS: readonly string[] = ['float32', 'float64', 'bytes', 'json', 'list', 'struct']

/** Whether results of a kind can be kept by code, or copied from another row. */
const keeps = (kind: Kind, by: Repeat['by']): boolean =>
  !isWide(kind) && (kind.tag === 'utf8' || !isText(kind)) && (by === 'row' || kind.tag !== 'bigint')

/** How results of `fn` over rows of `env` repeat; null where it is not known, or not worth it. */
export function repeatOf(
  fn: () => unknown,
  env: Env,
  o: { decoded: (slot: number) => boolean; result: Kind | null },
): Repeat | null {
  const reads = rowReads(fn, new Set(env.map(b => b.name)))
  if (reads === null || reads.size === 0 || reads.size > COLUMNS_MAX) return null
  const of = env.filter(b => reads.has(b.name))
  if (of.some(b => !o.decoded(b.slot) || FLOATS.includes(b.kind.tag) || isWide(b.kind))) return null
  const [first] = of as [Bound]
  const by = of.length === 1 && first.kind.tag === 'utf8' ? 'code' : 'row'
  if (o.result !== null && !keeps(o.result, by)) return null
  if (by === 'code') return { by, of: first }
  return calls(fn) ? { by, of } : null
}

/** Whether a function calls another: a parenthesis after its parameters, or a template. */
function calls(fn: () => unknown): boolean {
  const text = Function.prototype.toString.call(fn)
  return /[\w$)\]]\s*(?:\?\.)?\(|`/.test(text.slice(text.indexOf('=>') + 1))
}

/** What is kept of one lambda's results by code; it ends with either of its dictionaries. */
export interface Kept {
  /** By code: 0 not known, 1 a value (of a filter: the row stays), 2 null (the row goes). */
  readonly state: Uint8Array
  /** As stored. */
  readonly values: Float64Array
}

/** Declarations of a repeat, before the loop. `id` is unique in the kernel. */
export const repeatLocals = (repeat: Repeat, id: number): string =>
  repeat.by === 'row'
    ? `let l${id}=-1,h${id}=false;`
    : `const g${id}=G(${id},K[${repeat.of.slot}].pool),y${id}=g${id}.state,z${id}=g${id}.values;`

/** Stores a result in `slot`, kept or computed by `fresh`. */
export function repeatedResult(
  repeat: Repeat,
  id: number,
  { slot, kind, fresh }: { slot: number; kind: Kind; fresh: string },
): string {
  if (repeat.by === 'row') {
    const valid = kind.optional ? `n${slot}[i]=n${slot}[l${id}];` : ''
    const known = `c${slot}[i]=c${slot}[l${id}];${valid}`
    return `if(l${id}>=0&&${same(repeat.of, id)}){${known}}else{${fresh}}l${id}=i;`
  }
  const code = `c${repeat.of.slot}[i]`
  const some = present(repeat.of)
  const known = `c${slot}[i]=z${id}[${code}];${kind.optional ? `n${slot}[i]=g===1?1:0;` : ''}`
  const state = kind.optional ? `n${slot}[i]===0?2:1` : '1'
  const keep = `if(${some}){z${id}[${code}]=c${slot}[i];y${id}[${code}]=${state};}`
  return `if(${some}&&(g=y${id}[${code}])>0){${known}}else{${fresh}${keep}}`
}

/** Sets `x` to what a filter said, kept or computed by `call`. */
export function repeatedTest(repeat: Repeat, id: number, call: string): string {
  if (repeat.by === 'row')
    return `if(l${id}>=0&&${same(repeat.of, id)})x=h${id};else x=h${id}=${call};l${id}=i;`
  const code = `c${repeat.of.slot}[i]`
  const some = present(repeat.of)
  return `if(${some}&&(g=y${id}[${code}])>0)x=g===1;else{x=${call};if(${some})y${id}[${code}]=x?1:2;}`
}

const present = ({ slot, kind }: Bound): string =>
  kind.optional ? `(n${slot}===null||n${slot}[i]!==0)` : 'true'

const same = (of: readonly Bound[], id: number): string =>
  of
    .map(({ slot, kind }) => {
      const equal = `c${slot}[l${id}]===c${slot}[i]`
      return kind.optional ? `${equal}&&(n${slot}===null||n${slot}[l${id}]===n${slot}[i])` : equal
    })
    .join('&&')
