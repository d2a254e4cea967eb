/**
 * Numbers for keys by first appearance, in JavaScript that is generated for the kinds of the keys: the
 * rule that `KeyNumbers` is held against, and what stands in where it has no memory. An open-addressing
 * table over typed arrays. Keys of text are codes, null is a key of its own (of text: -1), NaN equals
 * NaN, -0 equals 0.
 */
import type { Chosen } from '../../data/batch.ts'
import { type Column, isText, lanes, newValues, type Values } from '../../data/column.ts'
import { isWide, type Kind } from '../../data/kind.ts'
import { compileOnce } from '../compile-once.ts'

type Assign = (
  columns: readonly Column[],
  rows: number,
  selection: Int32Array | null,
  groups: Int32Array,
  table: GeneratedKeys,
) => void

export class GeneratedKeys {
  readonly kinds: readonly Kind[]
  count = 0
  capacity = 0
  slots = new Int32Array(0)
  hashes = new Int32Array(0)
  /** The groups' keys, by key; text as codes, -1 for null. */
  values: Values[] = []
  /** 1 where a key is null; null for keys that cannot be, and for text. */
  nulls: (Uint8Array | null)[] = []
  readonly #assign: Assign
  #groups = new Int32Array(0)

  constructor(kinds: readonly Kind[]) {
    this.kinds = kinds
    this.#assign = compileOnce<Assign>('groups', ['FLOAT', 'HALVES'], assignCode(kinds), SCRATCH)
    this.grow()
  }

  /** As `KeyNumbers.assign`. */
  assign(columns: readonly Column[], { rows, selected, selection }: Chosen): Int32Array {
    if (this.#groups.length < rows) this.#groups = new Int32Array(rows)
    this.#assign(columns, selected, selection, this.#groups, this)
    return this.#groups
  }

  reserve(groups: number): void {
    let capacity = this.capacity
    while (capacity <= groups) capacity *= 2
    if (capacity > this.capacity) this.grow(capacity)
  }

  grow(capacity = Math.max(256, this.capacity * 2)): void {
    this.values = this.kinds.map((kind, j) => widen(kind, this.values[j], capacity))
    this.nulls = this.kinds.map((kind, j) => {
      if (isText(kind) || !kind.optional) return null
      const grown = new Uint8Array(capacity)
      grown.set(this.nulls[j] ?? [])
      return grown
    })
    const hashes = new Int32Array(capacity)
    hashes.set(this.hashes)
    this.hashes = hashes
    this.capacity = capacity
    this.slots = new Int32Array(capacity * 2).fill(-1)
    const mask = this.slots.length - 1
    for (let g = 0; g < this.count; g++) {
      let slot = (hashes[g] as number) & mask
      while ((this.slots[slot] as number) >= 0) slot = (slot + 1) & mask
      this.slots[slot] = g
    }
  }

  column(j: number, from: number, to: number): Pick<Column, 'values' | 'valid'> {
    const width = lanes(this.kinds[j] as Kind)
    const values = (this.values[j] as Values).subarray(from * width, to * width)
    return { values, valid: this.nulls[j]?.subarray(from, to).map(n => 1 - n) ?? null }
  }

  clear(): void {
    this.count = 0
    this.slots.fill(-1)
  }

  get heldBytes(): number {
    let bytes = this.slots.byteLength + this.hashes.byteLength
    for (const v of this.values) bytes += v.byteLength
    return bytes
  }
}

function widen<V extends Values>(kind: Kind, values: V | undefined, rows: number): Values {
  const grown = newValues(kind, rows)
  if (values) (grown as Float64Array).set(values as unknown as Float64Array)
  return grown
}

/** A double, and its two halves as words. */
const FLOAT = new Float64Array(1)
const SCRATCH = [FLOAT, new Int32Array(FLOAT.buffer)]

/** The lookup for these kinds: read the keys, hash, probe, insert. */
function assignCode(kinds: readonly Kind[]): string {
  const load = kinds.map((_, j) => `const c${j}=K[${j}].values,n${j}=K[${j}].valid;`)
  const fields = kinds.flatMap((_, j) => [`a${j}=T.values[${j}]`, `z${j}=T.nulls[${j}]`])
  const read = kinds.map((kind, j) => readKey(kind, j)).join('\n')
  const same = kinds.map((kind, j) => sameKey(kind, j)).join('')
  const store = kinds.map((kind, j) => storeKey(kind, j)).join('')
  return `return function(K,rows,selection,groups,T){
${load.join('\n')}
let S=T.slots,H=T.hashes,mask=S.length-1,${fields.concat('count=T.count').join(',')};
for(let j=0;j<rows;j++){
const i=selection===null?j:selection[j];
let h=0;
${read}
h^=h>>>16;h=Math.imul(h,0x85ebca6b);h^=h>>>13;h=Math.imul(h,0xc2b2ae35);h^=h>>>16;
let slot=h&mask,g=-1;
for(;;){
g=S[slot];
if(g<0)break;
if(H[g]===h${same})break;
slot=(slot+1)&mask;
}
if(g<0){
g=count++;T.count=count;S[slot]=g;H[g]=h;
${store}
if(count===T.capacity){T.grow();S=T.slots;H=T.hashes;mask=S.length-1;${fields.map(f => `${f};`).join('')}}
}
groups[i]=g;
}}`
}

function readKey(kind: Kind, j: number): string {
  const isNull = `(n${j}!==null&&n${j}[i]===0)`
  if (isText(kind))
    return `const k${j}=${isNull}?-1:c${j}[i];h=Math.imul(h^h>>>15,0x2c1b3c6d)+Math.imul(k${j}+2,0x9e3779b1)|0;`
  const nulled = kind.optional ? `const y${j}=${isNull}?1:0;` : ''
  if (isWide(kind))
    return `${nulled}const k${j}=c${j}[2*i],l${j}=c${j}[2*i+1];h=Math.imul(h^h>>>15,0x2c1b3c6d)+Math.imul(Number(BigInt.asIntN(32,k${j})),0x9e3779b1)|0;`
  if (kind.tag === 'bigint')
    return `${nulled}const k${j}=c${j}[i];h=Math.imul(h^h>>>15,0x2c1b3c6d)+Math.imul(Number(BigInt.asIntN(32,k${j}^(k${j}>>32n))),0x9e3779b1)|0;`
  if (kind.tag === 'bool' || kind.tag === 'int32' || kind.tag === 'date')
    return `${nulled}const k${j}=c${j}[i];h=Math.imul(h^h>>>15,0x2c1b3c6d)+Math.imul(k${j}+2,0x9e3779b1)|0;`
  return `${nulled}const k${j}=c${j}[i]+0;FLOAT[0]=k${j}===k${j}?k${j}:NaN;h=Math.imul(h^h>>>15,0x2c1b3c6d)+Math.imul(HALVES[0]^Math.imul(HALVES[1],0x27d4eb2f),0x9e3779b1)|0;`
}

function sameKey(kind: Kind, j: number): string {
  const nulled = kind.optional && !isText(kind) ? `&&z${j}[g]===y${j}` : ''
  if (isWide(kind)) return `${nulled}&&a${j}[2*g]===k${j}&&a${j}[2*g+1]===l${j}`
  const float = kind.tag === 'float32' || kind.tag === 'float64'
  const nan = float ? `||(k${j}!==k${j}&&a${j}[g]!==a${j}[g])` : ''
  return `${nulled}&&(a${j}[g]===k${j}${nan})`
}

function storeKey(kind: Kind, j: number): string {
  const nulled = kind.optional && !isText(kind) ? `z${j}[g]=y${j};` : ''
  if (isWide(kind)) return `${nulled}a${j}[2*g]=k${j};a${j}[2*g+1]=l${j};`
  return `${nulled}a${j}[g]=k${j};`
}
