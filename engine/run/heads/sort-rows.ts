/**
 * Sorts row numbers by columns. Whole numbers by their digits (`radix.ts`), else a merge sort (stable),
 * generated with its comparison inside, over runs that insertion made. Text is ranked first: each entry of the pool is compared with others once,
 * then rows compare as integers.
 */
import { isText, type Values } from '../../data/column.ts'
import type { Pool } from '../../data/pool.ts'
import { t } from '../../data/schema.ts'
import {
  bindSide,
  type Compared,
  ORDER_PARAMETERS,
  orderAll,
  type OrderKey,
  orderNan,
  orderWide,
  sideNames,
} from './order.ts'
import { compileOnce } from './compile-once.ts'
import { radixSort } from './radix.ts'
import { compareBytes, sameText } from './text-bytes.ts'

type Sort = (
  columns: readonly Compared[],
  ids: Int32Array,
  spare: Int32Array,
  count: number,
) => Int32Array

/** Makes the function that orders the numbers 0 … rows - 1 by the columns. */
export function rowSorter(
  keys: readonly OrderKey[],
): (columns: readonly Compared[], rows: number) => Int32Array {
  const ranked = keys.map(key =>
    isText(key.kind) ? { ...key, kind: key.kind.optional ? t.int32.nullable : t.int32 } : key,
  )
  const sort = compileSort(ranked)
  return (columns, rows) => {
    const compared = columns.map(c =>
      c.pool === null ? c : rankedColumn(c.values, c.valid, c.pool, rows),
    )
    const byDigits = radixSort(ranked, compared, rows)
    if (byDigits !== null) return byDigits
    const ids = new Int32Array(rows)
    for (let i = 0; i < rows; i++) ids[i] = i
    return sort(compared, ids, new Int32Array(rows), rows)
  }
}

const compileSort = (keys: readonly OrderKey[]): Sort =>
  compileOnce<Sort>('sort', ORDER_PARAMETERS, sortCode(keys), [compareBytes, orderNan, orderWide])

function sortCode(keys: readonly OrderKey[]): string {
  const names = sideNames(keys, 's')
  const order = orderAll(keys, { name: 's', row: 'x' }, { name: 's', row: 'y' })
  return `return function(K,ids,spare,n){
${names.length > 0 ? `let ${names.join(',')};` : ''}${bindSide(keys, 's', j => `K[${j}]`)}
const after=(x,y)=>(${order})>0;
for(let from=0;from<n;from+=16){
const to=from+16<n?from+16:n;
for(let i=from+1;i<to;i++){
const y=ids[i];let j=i-1;
while(j>=from&&after(ids[j],y)){ids[j+1]=ids[j];j--}
ids[j+1]=y;
}}
let a=ids,b=spare;
for(let width=16;width<n;width*=2){
for(let from=0;from<n;from+=2*width){
const mid=from+width<n?from+width:n,to=from+2*width<n?from+2*width:n;
if(mid===to||!after(a[mid-1],a[mid])){b.set(a.subarray(from,to),from);continue}
let i=from,j=mid,o=from;
while(i<mid&&j<to){const x=a[i],y=a[j];if(after(x,y)){b[o++]=y;j++}else{b[o++]=x;i++}}
while(i<mid)b[o++]=a[i++];
while(j<to)b[o++]=a[j++];
}
const c=a;a=b;b=c;
}
return a}`
}

/** The column with each text replaced by its place among the pool's entries; equal texts share one. */
function rankedColumn(
  values: Values,
  valid: Uint8Array | null,
  pool: Pool,
  rows: number,
): Compared {
  const ranks = ranksOf(pool)
  const ranked = new Int32Array(rows)
  const codes = values as Int32Array
  for (let i = 0; i < rows; i++) ranked[i] = ranks[codes[i] as number] ?? 0
  return { values: ranked, valid, pool: null }
}

/** Entries by their first bytes as one number, then, where those agree, by all of them. */
const ENTRY_KEYS: readonly OrderKey[] = [
  { kind: t.int64, descending: false, nulls: 'last' },
  { kind: t.utf8, descending: false, nulls: 'last' },
]
let entrySort: Sort | null = null

function ranksOf(pool: Pool): Int32Array {
  const { bytes, offsets, count } = pool
  const heads = new Float64Array(count)
  const codes = new Int32Array(count)
  for (let e = 0; e < count; e++) {
    heads[e] = headOf(bytes, offsets[e] as number, offsets[e + 1] as number)
    codes[e] = e
  }
  entrySort ??= compileSort(ENTRY_KEYS)
  const columns: Compared[] = [
    { values: heads, valid: null, pool: null },
    { values: codes, valid: null, pool },
  ]
  const order = entrySort(columns, codes.slice(), new Int32Array(count), count)
  const ranks = new Int32Array(count)
  for (let k = 1; k < count; k++) {
    const [before, here] = [order[k - 1] as number, order[k] as number]
    const same =
      heads[before] === heads[here] && sameText(bytes, offsets, before, bytes, offsets, here)
    ranks[here] = (ranks[before] as number) + (same ? 0 : 1)
  }
  return ranks
}

/** Six bytes as a number of 51 bits with the length, up to 7, below: a prefix of a text comes first. */
function headOf(bytes: Uint8Array, from: number, to: number): number {
  let head = 0
  for (let i = from; i < from + 6; i++) head = head * 256 + (i < to ? (bytes[i] as number) : 0)
  const length = to - from
  return head * 8 + (length < 7 ? length : 7)
}
